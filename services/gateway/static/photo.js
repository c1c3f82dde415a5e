/** Photos on their way in: chosen, taken, dropped or pasted; and made quick to send. */

const QUICK_BYTES = 2_000_000;
const LONG_SIDE = 1600; // pixels; several times what any model looks at
const JPEG_QUALITY = 0.9;
const READ_BY_SERVER = new Set(['image/jpeg', 'image/png', 'image/webp', 'image/gif', 'image/bmp']);

/** Phones give some kinds (HEIC) no type at all: what has none may be a photo. */
function mayBePhoto(file) {
  return file.type === '' || file.type.startsWith('image/');
}

/** Calls `onPhoto` with each photo however it arrives, `onOther` when a file is none. */
export function listenForPhotos({ inputs, veil, onPhoto, onOther }) {
  const take = (files) => {
    if (files.length === 0) return;
    const photo = [...files].find(mayBePhoto);
    if (photo) onPhoto(photo);
    else onOther();
  };

  for (const input of inputs) {
    input.addEventListener('change', () => {
      take(input.files);
      input.value = ''; // so that the same file can be chosen twice
    });
  }
  document.addEventListener('paste', (event) => take(event.clipboardData.files));

  // Enter and leave also fire for every child that is crossed: count them.
  let depth = 0;
  const hover = (change) => {
    depth = change === 0 ? 0 : Math.max(0, depth + change);
    veil.classList.toggle('shown', depth > 0);
  };
  document.addEventListener('dragenter', (event) => {
    if (event.dataTransfer.types.includes('Files')) hover(+1);
  });
  document.addEventListener('dragleave', () => hover(-1));
  document.addEventListener('dragover', (event) => event.preventDefault());
  document.addEventListener('drop', (event) => {
    event.preventDefault();
    hover(0);
    take(event.dataTransfer.files);
  });
}

/**
 * A JPEG of at most LONG_SIDE for photos that are heavy or of a kind the server does not read.
 * A photo this browser cannot read either goes out as it is, and the server says what is wrong.
 */
export async function readyToSend(file) {
  if (file.size <= QUICK_BYTES && READ_BY_SERVER.has(file.type)) return file;
  try {
    const bitmap = await createImageBitmap(file, { imageOrientation: 'from-image' });
    return await asJpeg(bitmap);
  } catch {
    return file;
  }
}

async function asJpeg(bitmap) {
  const scale = Math.min(1, LONG_SIDE / Math.max(bitmap.width, bitmap.height));
  const canvas = document.createElement('canvas');
  canvas.width = Math.max(1, Math.round(bitmap.width * scale));
  canvas.height = Math.max(1, Math.round(bitmap.height * scale));
  const paper = canvas.getContext('2d');
  paper.fillStyle = '#fff'; // what is see-through becomes white, as on the server
  paper.fillRect(0, 0, canvas.width, canvas.height);
  paper.imageSmoothingQuality = 'high';
  paper.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  bitmap.close();
  const blob = await new Promise((resolve) => canvas.toBlob(resolve, 'image/jpeg', JPEG_QUALITY));
  return new File([blob], 'photo.jpg', { type: 'image/jpeg' });
}
