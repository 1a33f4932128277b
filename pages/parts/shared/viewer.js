// One or two pictures to look into: wheel or pinch zooms, dragging moves, a double click switches
// between the whole picture and its own pixels. Two pictures move together. Names reach the page as
// text, never as HTML.
const MOST = 32; // times its size in the frame

export function zoomed(view, factor, x, y) {
  // The view (scale, and shift in shares of the frame) after zooming by `factor` at the point
  // (x, y) of the frame, both from -0.5 to 0.5: what lies under the point stays there.
  const scale = Math.min(MOST, Math.max(1, view.scale * factor));
  const ratio = scale / view.scale;
  return bounded({ scale, x: x - (x - view.x) * ratio, y: y - (y - view.y) * ratio });
}

export function bounded(view) {
  // The view with its picture still in the frame.
  const most = (view.scale - 1) / 2;
  const inside = (value) => Math.min(most, Math.max(-most, value)) + 0; // no -0
  return { scale: view.scale, x: inside(view.x), y: inside(view.y) };
}

function element(name, className, words = '') {
  const made = document.createElement(name);
  made.className = className;
  made.textContent = words;
  return made;
}

function pane(shown) {
  const figure = element('figure', 'pane');
  const frame = element('div', 'frame');
  frame.tabIndex = 0;
  frame.setAttribute('role', 'img');
  frame.setAttribute('aria-label', shown.title + '. ' + shown.note);
  if (shown.url) {
    const image = element('img', '');
    // relative to the page's folder, so that it also works behind a proxy's prefix
    image.src = new URL(shown.url.replace(/^\//, ''), document.baseURI).href;
    image.alt = shown.title;
    image.draggable = false;
    frame.appendChild(image);
  } else {
    frame.appendChild(element('div', 'none', shown.why));
  }
  const caption = element('figcaption', '');
  caption.append(element('span', 'title', shown.title), element('span', 'note', shown.note));
  figure.append(frame, caption);
  return figure;
}

export default function (component) {
  const { data, parentElement } = component;
  const box = parentElement.querySelector('.viewer')
    ?? parentElement.appendChild(element('div', 'viewer'));
  const key = JSON.stringify(data);
  if (box.dataset.key === key) return; // drawn already: zoom and place stay
  box.dataset.key = key;
  box.style.setProperty('--panes', data.images.length);
  box.replaceChildren(...data.images.map(pane));
  const frames = [...box.querySelectorAll('.frame')];
  let view = { scale: 1, x: 0, y: 0 };

  const draw = () => {
    for (const frame of frames) {
      const image = frame.querySelector('img');
      if (!image) continue;
      const x = view.x * frame.clientWidth;
      const y = view.y * frame.clientHeight;
      image.style.transform = `translate(${x}px, ${y}px) scale(${view.scale})`;
      image.classList.toggle('close', view.scale * frame.clientWidth > 2 * image.naturalWidth);
      frame.classList.toggle('zoomed', view.scale > 1);
    }
  };
  const show = (next) => { view = next; draw(); };
  const place = (frame, event) => {
    const area = frame.getBoundingClientRect();
    return [(event.clientX - area.left) / area.width - 0.5,
      (event.clientY - area.top) / area.height - 0.5];
  };

  for (const frame of frames) {
    const fingers = new Map();
    let apart = 0;
    frame.addEventListener('wheel', (event) => {
      event.preventDefault();
      show(zoomed(view, Math.exp(-event.deltaY / 300), ...place(frame, event)));
    }, { passive: false });
    frame.addEventListener('dblclick', (event) => {
      const image = frame.querySelector('img');
      if (!image) return;
      const fit = Math.min(frame.clientWidth / image.naturalWidth,
        frame.clientHeight / image.naturalHeight, 1);
      const own = Math.max(2, 1 / fit);
      show(view.scale > 1 ? { scale: 1, x: 0, y: 0 } : zoomed(view, own, ...place(frame, event)));
    });
    frame.addEventListener('pointerdown', (event) => {
      frame.setPointerCapture(event.pointerId);
      fingers.set(event.pointerId, event);
      apart = 0;
    });
    frame.addEventListener('pointermove', (event) => {
      const before = fingers.get(event.pointerId);
      if (!before) return;
      fingers.set(event.pointerId, event);
      if (fingers.size === 1) {
        show(bounded({ scale: view.scale,
          x: view.x + (event.clientX - before.clientX) / frame.clientWidth,
          y: view.y + (event.clientY - before.clientY) / frame.clientHeight }));
        return;
      }
      const [one, other] = [...fingers.values()];
      const now = Math.hypot(one.clientX - other.clientX, one.clientY - other.clientY);
      if (apart) show(zoomed(view, now / apart, ...place(frame, event)));
      apart = now;
    });
    for (const end of ['pointerup', 'pointercancel']) {
      frame.addEventListener(end, (event) => { fingers.delete(event.pointerId); apart = 0; });
    }
    frame.addEventListener('keydown', (event) => {
      const factor = { '+': 1.5, '=': 1.5, '-': 1 / 1.5 }[event.key];
      if (factor) show(zoomed(view, factor, 0, 0));
      if (event.key === '0') show({ scale: 1, x: 0, y: 0 });
    });
  }
}
