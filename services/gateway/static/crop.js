/** One box on a photo, drawn by mouse, finger or keys. Boxes are [x0, y0, x1, y1], 0..1 of the upright image. */

const FIRST_BOX = [0.2, 0.2, 0.8, 0.8];
const SMALLEST = 0.05; // of a side; anything less is a slip of the finger
const KEY_STEP = 0.02;
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/** Places `mark` over `box` of the frame it stands in. */
export function placeBox(mark, [x0, y0, x1, y1]) {
  const percent = (part) => `${part * 100}%`;
  Object.assign(mark.style, {
    left: percent(x0),
    top: percent(y0),
    width: percent(x1 - x0),
    height: percent(y1 - y0),
  });
}

/** Makes `frame` drawable while open; `mark` shows the box and takes the keys. */
export function cropper(frame, mark) {
  let box = FIRST_BOX;
  let corner = null; // where the pointer went down; null when it is up
  let open = false;

  const draw = (next) => {
    box = next.map((part) => Math.round(part * 10_000) / 10_000);
    placeBox(mark, box);
  };
  const pointAt = (event) => {
    const area = frame.getBoundingClientRect();
    return [within01((event.clientX - area.left) / area.width), within01((event.clientY - area.top) / area.height)];
  };

  frame.addEventListener('pointerdown', (event) => {
    if (!open) return;
    event.preventDefault();
    frame.setPointerCapture(event.pointerId);
    corner = pointAt(event);
  });
  frame.addEventListener('pointermove', (event) => {
    if (corner === null) return;
    const [x, y] = pointAt(event);
    const next = [Math.min(corner[0], x), Math.min(corner[1], y), Math.max(corner[0], x), Math.max(corner[1], y)];
    if (bigEnough(next)) draw(next);
  });
  for (const end of ['pointerup', 'pointercancel']) {
    frame.addEventListener(end, () => {
      corner = null;
    });
  }
  mark.addEventListener('keydown', (event) => {
    const arrow = ARROWS[event.key];
    if (!open || !arrow) return;
    event.preventDefault();
    draw(event.shiftKey ? resized(box, arrow) : moved(box, arrow));
  });

  return {
    open(first) {
      open = true;
      draw(first ?? FIRST_BOX);
      mark.focus({ preventScroll: true });
    },
    close() {
      open = false;
      corner = null;
    },
    box: () => box,
  };
}

function moved([x0, y0, x1, y1], [right, down]) {
  const x = Math.min(Math.max(right * KEY_STEP, -x0), 1 - x1);
  const y = Math.min(Math.max(down * KEY_STEP, -y0), 1 - y1);
  return [x0 + x, y0 + y, x1 + x, y1 + y];
}

function resized([x0, y0, x1, y1], [wider, taller]) {
  const next = [x0, y0, within01(x1 + wider * KEY_STEP), within01(y1 + taller * KEY_STEP)];
  return bigEnough(next) ? next : [x0, y0, x1, y1];
}

function bigEnough([x0, y0, x1, y1]) {
  return x1 - x0 >= SMALLEST && y1 - y0 >= SMALLEST;
}

function within01(value) {
  return Math.min(1, Math.max(0, value));
}
