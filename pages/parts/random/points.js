// Maps of points on canvases, one view for all: pictures at the points, names where there is room, a star for the
// reader's picture with lines to its nearest. A lasso (or a click) chooses points where Python wants to hear of them.
export default function ({ data, parentElement, setStateValue }) {
  const root = parentElement.querySelector(".points");
  const state = (root.state ??= { scale: 1, x: 0, y: 0, move: false, path: [], over: null });
  Object.assign(state, { data, setStateValue });
  root.classList.toggle("old", Boolean(data.stale));
  root.querySelector(".stale").hidden = !data.stale;
  root.querySelector(".stale").textContent = data.stale;
  const numbers = (text, Kind) => new Kind(Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer);
  const told = JSON.stringify([data.maps, data.labels, data.sheet?.source, data.ink, data.words, data.lasso]);
  if (state.told !== told) {
    state.told = told;
    state.labels = numbers(data.labels, Uint16Array);
    state.maps = data.maps.map((map) => ({ ...map, xy: numbers(map.xy, Int16Array) }));
    state.inks = new Map();
    state.sheet = null;
    if (data.sheet) {
      const sheet = new Image();
      sheet.onload = () => { state.sheet = sheet; draw(); };
      sheet.src = data.sheet.source;
    }
    build();
  }
  draw();
  state.watch?.disconnect();
  state.watch = new ResizeObserver(draw);
  state.watch.observe(root.querySelector(".maps"));

  function build() {
    const make = (name, className, text) => {
      const made = document.createElement(name);
      if (className) made.className = className;
      if (text !== undefined) made.textContent = text;
      return made;
    };
    const words = data.words;
    const button = (sign, word, click) => {
      const made = make("button", "", sign);
      made.type = "button";
      made.title = word;
      made.setAttribute("aria-label", word);
      made.onclick = click;
      return made;
    };
    const zoom = (factor) => () => {
      state.scale = Math.min(12, Math.max(1, state.scale * factor));
      if (state.scale === 1) state.x = state.y = 0;
      draw();
    };
    const whole = () => { Object.assign(state, { scale: 1, x: 0, y: 0 }); draw(); };
    const tools = [button("+", words.closer, zoom(1.6)), button("−", words.away, zoom(1 / 1.6)), button("⟲", words.whole, whole)];
    if (data.lasso) {
      const move = button("✥", words.move, () => {
        state.move = !state.move;
        move.setAttribute("aria-pressed", String(state.move));
      });
      move.setAttribute("aria-pressed", String(state.move));
      tools.push(move);
    }
    root.querySelector(".tools").replaceChildren(...tools);
    root.querySelector(".maps").replaceChildren(
      ...state.maps.map((map) => {
        const figure = make("figure");
        const caption = make("figcaption");
        caption.append(make("b", "", map.title), make("span", "", map.agreement));
        const canvas = make("canvas");
        canvas.tabIndex = 0;
        canvas.setAttribute("role", "img");
        canvas.setAttribute("aria-label", `${map.alt} ${words.nearest}`);
        map.canvas = canvas;
        listen(map);
        figure.append(caption, canvas);
        return figure;
      }),
    );
  }

  function at(map, i) { // where point i is seen, in px of the canvas
    return place(map, map.xy[2 * i], map.xy[2 * i + 1]);
  }
  function place(map, x, y) {
    const half = map.side / 2, grown = (half / state.data.half) * state.scale;
    return [half + (x - state.x) * grown, half - (y - state.y) * grown];
  }

  // A class's strokes in its colour, on nothing.
  function inked(colour) {
    if (state.inks.has(colour)) return state.inks.get(colour);
    const made = document.createElement("canvas");
    made.width = state.sheet.naturalWidth;
    made.height = state.sheet.naturalHeight;
    const pen = made.getContext("2d");
    pen.drawImage(state.sheet, 0, 0);
    const pixels = pen.getImageData(0, 0, made.width, made.height);
    const [r, g, b] = [1, 3, 5].map((i) => parseInt(colour.slice(i, i + 2), 16));
    for (let i = 0; i < pixels.data.length; i += 4) {
      pixels.data[i + 3] = pixels.data[i];
      [pixels.data[i], pixels.data[i + 1], pixels.data[i + 2]] = [r, g, b];
    }
    pen.putImageData(pixels, 0, 0);
    state.inks.set(colour, made);
    return made;
  }

  function stamp(pen, i, x, y, size, colour) {
    const { columns, height, width } = state.data.sheet;
    const source = state.data.ink && colour ? inked(colour) : state.sheet;
    pen.drawImage(source, (i % columns) * width, Math.floor(i / columns) * height, width, height,
      x - size / 2, y - size / 2, size, size);
  }

  function draw() {
    const style = getComputedStyle(root);
    const ground = style.getPropertyValue("--st-background-color").trim() || "#fff";
    const text = style.getPropertyValue("--st-text-color").trim() || "#000";
    for (const map of state.maps) paint(map, ground, text, style.fontFamily);
  }

  function paint(map, ground, text, font) {
    const { canvas } = map, ratio = window.devicePixelRatio || 1, side = canvas.clientWidth;
    if (!side) return;
    map.side = side;
    if (canvas.width !== Math.round(side * ratio)) canvas.width = canvas.height = Math.round(side * ratio);
    const pen = canvas.getContext("2d");
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.clearRect(0, 0, side, side);
    const count = state.labels.length, chosen = state.data.selected && new Set(state.data.selected);
    const many = count > 2500, pictures = state.sheet && (!many || state.scale >= 3);
    const size = (side / (count <= 400 ? 16 : 32)) * Math.min(2.2, Math.sqrt(state.scale));
    const bright = (i) => (chosen ? chosen.has(i) : String(state.labels[i]) in map.colours);
    for (const lit of [false, true]) {
      for (let i = 0; i < count; i++) {
        if (bright(i) !== lit) continue;
        const [x, y] = at(map, i);
        if (x < -size || y < -size || x > side + size || y > side + size) continue;
        const colour = map.colours[state.labels[i]] ?? "#8c8c8c";
        pen.globalAlpha = lit ? 0.95 : 0.22;
        if (pictures && state.data.ink) {
          stamp(pen, i, x, y, size, colour);
        } else if (pictures) {
          pen.fillStyle = colour;
          pen.fillRect(x - size / 2 - 1.5, y - size / 2 - 1.5, size + 3, size + 3);
          stamp(pen, i, x, y, size);
        } else {
          pen.fillStyle = colour;
          pen.beginPath();
          pen.arc(x, y, (lit ? 2.6 : 1.6) * Math.sqrt(state.scale), 0, 7);
          pen.fill();
        }
      }
    }
    pen.globalAlpha = 1;
    const taken = [];
    canvas.words = []; // where names stand, for a test
    if (map.star) star(pen, map, ground, text, taken, font);
    names(pen, map, ground, text, taken, font);
    if (state.over?.map === map) ring(pen, at(map, state.over.row), text);
    if (state.path.map === map && state.path.length > 1) {
      pen.strokeStyle = text;
      pen.lineWidth = 2;
      pen.setLineDash([4, 4]);
      pen.beginPath();
      state.path.forEach(([x, y], i) => (i ? pen.lineTo(x, y) : pen.moveTo(x, y)));
      pen.stroke();
      pen.setLineDash([]);
    }
  }

  function ring(pen, [x, y], colour) {
    pen.strokeStyle = colour;
    pen.lineWidth = 2;
    pen.beginPath();
    pen.arc(x, y, 13, 0, 7);
    pen.stroke();
  }

  // The reader's picture, joined to its nearest, which are drawn large.
  function star(pen, map, ground, text, taken, font) {
    const [x, y] = place(map, ...map.star);
    pen.strokeStyle = state.data.user;
    pen.lineWidth = 1.5;
    for (const row of map.near) {
      const [u, v] = at(map, row);
      pen.beginPath();
      pen.moveTo(x, y);
      pen.lineTo(u, v);
      pen.stroke();
    }
    for (const row of [...map.near].reverse()) {
      const [u, v] = at(map, row), large = 22;
      taken.push([u - large / 2 - 2, v - large / 2 - 2, u + large / 2 + 2, v + large / 2 + 2]);
      pen.fillStyle = state.data.ink ? ground : state.data.user;
      pen.fillRect(u - large / 2 - 2, v - large / 2 - 2, large + 4, large + 4);
      if (state.sheet) stamp(pen, row, u, v, large, map.colours[state.labels[row]]);
      pen.strokeStyle = state.data.user;
      pen.strokeRect(u - large / 2 - 2, v - large / 2 - 2, large + 4, large + 4);
    }
    taken.push([x - 12, y - 12, x + 12, y + 12]);
    pen.beginPath();
    for (let k = 0; k < 10; k++) {
      const r = k % 2 ? 5 : 12, turn = (k * Math.PI) / 5 - Math.PI / 2;
      pen.lineTo(x + r * Math.cos(turn), y + r * Math.sin(turn));
    }
    pen.closePath();
    pen.fillStyle = state.data.user;
    pen.fill();
    pen.strokeStyle = text;
    pen.lineWidth = 1.5;
    pen.stroke();
    word(pen, map, state.data.words.yours, x, y, ground, text, taken, font, true);
  }

  function names(pen, map, ground, text, taken, font) {
    const groups = new Map();
    for (let i = 0; i < state.labels.length; i++) {
      const label = state.labels[i];
      if (!(label in map.colours)) continue;
      if (!groups.has(label)) groups.set(label, []);
      groups.get(label).push(i);
    }
    const middle = (values) => values.sort((a, b) => a - b)[values.length >> 1];
    const near = (label) => map.near.filter((row) => state.labels[row] === label).length;
    const order = [...groups].sort((a, b) => near(b[0]) - near(a[0]) || b[1].length - a[1].length);
    for (const [label, rows] of order) {
      const points = rows.map((i) => at(map, i));
      const x = middle(points.map((p) => p[0])), y = middle(points.map((p) => p[1]));
      word(pen, map, state.data.classes[label], x, y, ground, text, taken, font, false);
    }
  }

  // Words at the first place near (x, y) that is free of other words and inside the map; none where all are taken.
  function word(pen, map, words, x, y, ground, text, taken, font, first) {
    pen.font = `600 ${Math.max(13, 0.8 * parseFloat(getComputedStyle(document.documentElement).fontSize))}px ${font}`;
    const wide = pen.measureText(words).width + 8, high = 20;
    const steps = first ? [[0, -24], [0, 24], [0, -46], [0, 46]]
      : [[0, 0], [0, -22], [0, 22], [0, -44], [0, 44], [-wide, 0], [wide, 0], [0, -66], [0, 66]];
    for (const [dx, dy] of steps) {
      const left = Math.min(map.side - wide - 2, Math.max(2, x + dx - wide / 2));
      const top = Math.min(map.side - high - 2, Math.max(2, y + dy - high / 2));
      const box = [left, top, left + wide, top + high];
      if (wide > map.side || taken.some((b) => b[0] < box[2] && box[0] < b[2] && b[1] < box[3] && box[1] < b[3])) continue;
      taken.push(box);
      map.canvas.words.push(box);
      pen.globalAlpha = 0.82;
      pen.fillStyle = ground;
      pen.fillRect(left, top, wide, high);
      pen.globalAlpha = 1;
      pen.fillStyle = text;
      pen.textBaseline = "middle";
      pen.fillText(words, left + 4, top + high / 2 + 1);
      return;
    }
  }

  function listen(map) {
    const { canvas } = map;
    const where = (event) => {
      const box = canvas.getBoundingClientRect();
      return [event.clientX - box.left, event.clientY - box.top];
    };
    const closest = ([x, y]) => {
      let best = null, least = 16 ** 2;
      for (let i = 0; i < state.labels.length; i++) {
        const [u, v] = at(map, i), away = (u - x) ** 2 + (v - y) ** 2;
        if (away < least) [best, least] = [i, away];
      }
      return best;
    };
    let from = null;
    canvas.onpointerdown = (event) => {
      from = where(event);
      state.path = Object.assign([from], { map });
      state.begun = [state.x, state.y];
      canvas.setPointerCapture(event.pointerId);
    };
    canvas.onpointermove = (event) => {
      const now = where(event);
      if (!from) return tell(map, closest(now));
      if (state.data.lasso && !state.move) {
        state.path.push(now);
      } else {
        const grown = (map.side / 2 / state.data.half) * state.scale;
        state.x = state.begun[0] - (now[0] - from[0]) / grown;
        state.y = state.begun[1] + (now[1] - from[1]) / grown;
      }
      draw();
    };
    canvas.onpointerup = (event) => {
      if (!from) return;
      const now = where(event), path = state.path;
      const still = Math.hypot(now[0] - from[0], now[1] - from[1]) < 4 && path.length < 6;
      from = null;
      state.path = [];
      if (still) {
        const row = closest(now);
        tell(map, row);
        if (row !== null) choose([row]);
      } else if (state.data.lasso && !state.move) {
        const rows = [];
        for (let i = 0; i < state.labels.length; i++) if (inside(at(map, i), path)) rows.push(i);
        if (rows.length) choose(rows);
      }
      draw();
    };
    canvas.onpointercancel = () => { from = null; state.path = []; draw(); };
    canvas.onpointerleave = () => { if (!from) tell(map, null); };
    canvas.onblur = () => tell(map, null);
    canvas.onkeydown = (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (!step || !map.near.length) return;
      event.preventDefault();
      const now = map.near.indexOf(state.over?.map === map ? state.over.row : -1);
      tell(map, map.near[(now + step + map.near.length) % map.near.length]);
    };
  }

  function choose(rows) {
    if (!state.data.lasso) return;
    state.data = { ...state.data, selected: rows };
    state.setStateValue("selected", { rows, at: Date.now() }); // a second time the same is news, too
  }

  function inside([x, y], path) {
    let found = false;
    for (let i = 0, j = path.length - 1; i < path.length; j = i++) {
      const [[a, b], [c, d]] = [path[i], path[j]];
      if (b > y !== d > y && x < ((c - a) * (y - b)) / (d - b) + a) found = !found;
    }
    return found;
  }

  // The picture under the pointer, or chosen by the arrow keys, enlarged with its name.
  function tell(map, row) {
    const tip = root.querySelector(".tip");
    if (row === null) {
      tip.hidden = true;
      if (state.over) { state.over = null; draw(); }
      return;
    }
    const name = state.data.classes[state.labels[row]];
    if (state.over?.row === row && state.over.map === map) return;
    state.over = { map, row };
    root.querySelector(".status").textContent = name;
    const canvas = tip.querySelector("canvas");
    canvas.hidden = !state.sheet;
    if (state.sheet) {
      canvas.width = canvas.height = 96;
      const pen = canvas.getContext("2d");
      pen.imageSmoothingEnabled = !state.data.ink;
      stamp(pen, row, 48, 48, 96);
    }
    tip.querySelector("span").textContent = name;
    tip.hidden = false;
    const frame = root.getBoundingClientRect(), box = map.canvas.getBoundingClientRect(), [x, y] = at(map, row);
    const left = box.left - frame.left + x + 18, top = box.top - frame.top + y + 18;
    tip.style.left = `${Math.max(0, Math.min(left, frame.width - tip.offsetWidth))}px`;
    tip.style.top = `${top + tip.offsetHeight > frame.height ? top - tip.offsetHeight - 36 : top}px`;
    draw();
  }
}
