/** Everything the page says, in the languages it speaks. A word is a text, or a function of what it tells. */

import { keep, recall } from './storage.js';

const en = {
  heading: 'Find it by photo',
  lede: 'Show a picture of what you like, and see the products that look like it.',
  dropHere: 'Drop a photo here',
  choose: 'Choose a photo',
  take: 'Take a photo',
  pasteHint: 'or paste one from the clipboard',
  notAPhoto: 'That file is not a photo. JPEG, PNG and WebP work best.',
  samples: 'No photo at hand? Try one of these',
  letGo: 'Let go to search',
  docs: 'API',
  footer: 'Tusou is visual search that a shop runs itself.',
  yourPhoto: 'Your photo',

  uploading: 'Uploading',
  recognising: 'Recognising',
  searching: 'Searching',
  queued: 'Waiting for a free moment',

  matches: (n) => (n === 1 ? '1 match' : `${n} matches`),
  noMatches: 'Nothing here looks like it',
  noMatchesText: 'Try another photo, or a part of this one with just the item.',
  took: (ms) => `in ${ms} ms`,
  noConfidentMatch: 'No confident match. These are the nearest products in the catalogue.',
  partial: 'A part of the catalogue did not answer in time, so some products may be missing.',
  searchAgain: 'Search again',
  restart: 'New photo',
  selectPart: 'Search a part of it',
  searchPart: 'Search this part',
  partHint: 'Drag a box around the item.',
  partKeys: 'Arrow keys move it, with Shift they resize it.',
  cancel: 'Cancel',

  untitled: 'Unnamed product',
  stars: (value, count) => `${value} out of 5` + (count === null ? '' : `, ${count} ratings`),
  score: (score) => `Similarity ${score}`,
  why: 'Why?',
  whyHeading: 'Why this matched',
  whyWorking: 'Looking at both pictures…',
  whyText: 'The lighter a part is, the more the match rests on it.',
  product: 'The product',
  close: 'Close',
  availability: {
    in_stock: 'In stock',
    low_stock: 'Only a few left',
    out_of_stock: 'Out of stock',
    preorder: 'Pre-order',
    backorder: 'On back order',
    discontinued: 'Discontinued',
  },

  rejected: 'This photo is hard to search with',
  rejectedText: 'A small change will do:',
  takeAnother: 'Take another photo',
  chooseAnother: 'Choose another photo',
  noAdvice: (code) => `Please try another photo (${code}).`,

  retry: 'Try again',
  retryIn: (seconds) => `Try again in ${seconds} s`,
  trouble: 'The search did not finish',
  troubleText: 'Nothing is wrong with your photo. Please try again.',
  troubles: {
    offline: 'The server cannot be reached',
    overloaded: 'Busy right now',
    rate_limited: 'That was quick',
    unauthorized: 'A search key is needed',
    forbidden: 'This key may not search',
    too_large: 'This photo is too large',
    unsupported_format: 'This kind of picture cannot be read',
    index_unavailable: 'The catalogue does not answer',
    expired: 'This search is no longer kept',
    cancelled: 'The search was cancelled',
  },

  keyHeading: 'This shop asks for a search key',
  keyText: 'It is kept until you close this tab, and sent to this server only.',
  keyRefused: 'That key was not accepted.',
  keyLabel: 'Search key',
  keyUse: 'Use this key',
  enterKey: 'Enter a key',
  forgetKey: 'Forget the key',
};

const zh = {
  heading: '拍一张，找同款',
  lede: '给一张喜欢的图片，看看店里有哪些相似的商品。',
  dropHere: '把照片拖到这里',
  choose: '选择照片',
  take: '拍照',
  pasteHint: '也可以直接粘贴剪贴板里的图片',
  notAPhoto: '这个文件不是照片。推荐使用 JPEG、PNG 或 WebP。',
  samples: '手边没有照片？试试这些',
  letGo: '松开即可搜索',
  docs: '接口文档',
  footer: '图搜，商店自己运行的以图搜货。',
  yourPhoto: '您的照片',

  uploading: '正在上传',
  recognising: '正在识别',
  searching: '正在搜索',
  queued: '正在排队',

  matches: (n) => `${n} 件相似商品`,
  noMatches: '没有找到相似的商品',
  noMatchesText: '换一张照片，或只框选其中的物品再试试。',
  took: (ms) => `用时 ${ms} 毫秒`,
  noConfidentMatch: '没有把握确定的结果，以下是目录中最接近的商品。',
  partial: '部分目录未能及时响应，结果可能不完整。',
  searchAgain: '重新搜索',
  restart: '换一张',
  selectPart: '框选局部',
  searchPart: '搜索选中部分',
  partHint: '在照片上拖动，框住要找的物品。',
  partKeys: '方向键移动方框，按住 Shift 调整大小。',
  cancel: '取消',

  untitled: '未命名商品',
  stars: (value, count) => `评分 ${value}，满分 5 分` + (count === null ? '' : `，共 ${count} 条评价`),
  score: (score) => `相似度 ${score}`,
  why: '为什么？',
  whyHeading: '为什么相似',
  whyWorking: '正在对照两张图片…',
  whyText: '颜色越亮的部分，对相似的贡献越大。',
  product: '商品图',
  close: '关闭',
  availability: {
    in_stock: '有货',
    low_stock: '库存紧张',
    out_of_stock: '缺货',
    preorder: '可预订',
    backorder: '补货中',
    discontinued: '已下架',
  },

  rejected: '这张照片不太好搜',
  rejectedText: '稍作调整就可以：',
  takeAnother: '重新拍一张',
  chooseAnother: '换一张照片',
  noAdvice: (code) => `请换一张照片试试（${code}）。`,

  retry: '重试',
  retryIn: (seconds) => `${seconds} 秒后可重试`,
  trouble: '搜索没有完成',
  troubleText: '您的照片没有问题，请再试一次。',
  troubles: {
    offline: '无法连接服务器',
    overloaded: '现在有点忙',
    rate_limited: '操作太快了',
    unauthorized: '需要搜索密钥',
    forbidden: '该密钥没有搜索权限',
    too_large: '照片太大了',
    unsupported_format: '无法读取这种图片',
    index_unavailable: '商品目录暂时没有响应',
    expired: '这次搜索的结果已过期',
    cancelled: '搜索已取消',
  },

  keyHeading: '本店需要搜索密钥',
  keyText: '密钥只保存到关闭此标签页为止，且只发送给本服务器。',
  keyRefused: '密钥未被接受。',
  keyLabel: '搜索密钥',
  keyUse: '使用此密钥',
  enterKey: '输入密钥',
  forgetKey: '清除密钥',
};

/** By language tag, as sent in Accept-Language and given to Intl. */
export const WORDS = { en, 'zh-CN': zh };

const SAVED = 'tusou.language';

/** The language chosen here before, else the first of the browser's that the page speaks, else English. */
export function readerLanguage() {
  const saved = recall('localStorage', SAVED);
  if (saved !== null && Object.hasOwn(WORDS, saved)) return saved;
  const wanted = navigator.languages.find((tag) => /^(en|zh)\b/i.test(tag)) ?? 'en';
  return wanted.toLowerCase().startsWith('zh') ? 'zh-CN' : 'en';
}

export function keepLanguage(language) {
  keep('localStorage', SAVED, language);
}

/** Puts the words of `language` on every element marked with data-word. */
export function speak(language) {
  const words = WORDS[language];
  document.documentElement.lang = language;
  document.title = `${words.heading} · Tusou 图搜`;
  for (const element of document.querySelectorAll('[data-word]')) {
    element.textContent = words[element.dataset.word];
  }
  return words;
}
