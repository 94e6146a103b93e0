// A signal on a circle that moves by parts of a sample; below it what is kept without and with a blur, and beside each
// the average of what is kept at every place of the signal.
const toys = new WeakMap(); // root -> its toy: Streamlit calls the function below again at every change of data

export default function ({ parentElement, data }) {
  const root = parentElement.querySelector(".toy");
  if (!toys.has(root)) toys.set(root, made(root));
  const toy = toys.get(root);
  toy.data = data;
  toy.player.set({
    count: data.shifts.length,
    interval: 160,
    words: data.words.player,
    say: (frame) => data.words.at.replace("{shift}", data.shifts[frame]),
    show: () => draw(toy),
  });
  draw(toy);
}

function made(root) {
  const toy = { root, player: rxPlayer(root.querySelector(".play")) };
  new ResizeObserver(() => requestAnimationFrame(() => draw(toy))).observe(root);
  return toy;
}

function draw({ root, player, data }) {
  if (!data || !root.isConnected) return;
  const find = (name) => root.querySelector(`.${name}`);
  const frame = player.at;
  const ink = getComputedStyle(root).color;
  find("signal").textContent = data.words.signal;
  stems(find("samples"), data.signal[frame], 1, ink, data.words.signal);
  for (const name of ["plain", "smooth"]) {
    const { colour, kept, means } = data[name];
    const said = data.words.mean.replace("{mean}", means[frame].toFixed(2));
    find(name).textContent = `${data.words[name]} · ${said}`;
    stems(find(`kept-${name}`), kept[frame], 2, colour, data.words[name]);
    curve(find(`mean-${name}`), means, frame, colour, ink, said);
  }
}

const HEIGHT = 64;
const RIM = 6;

function pen(canvas, said) {
  const dense = window.devicePixelRatio || 1;
  const width = canvas.clientWidth;
  const [w, h] = [Math.round(width * dense), Math.round(HEIGHT * dense)];
  if (canvas.width !== w) canvas.width = w;
  if (canvas.height !== h) canvas.height = h;
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", said);
  const ink = canvas.getContext("2d");
  ink.setTransform(dense, 0, 0, dense, 0, 0);
  ink.clearRect(0, 0, width, HEIGHT);
  return [ink, width];
}

const up = (value) => HEIGHT - RIM - Math.min(Math.max((value + 0.2) / 1.6, 0), 1) * (HEIGHT - 2 * RIM);

function stems(canvas, values, step, colour, said) {
  const [ink, width] = pen(canvas, said);
  const count = values.length * step;
  Object.assign(ink, { strokeStyle: colour, fillStyle: colour, lineWidth: 2.5 });
  values.forEach((value, i) => {
    const x = RIM + ((i * step + 0.5) / count) * (width - 2 * RIM);
    ink.beginPath();
    ink.moveTo(x, up(0));
    ink.lineTo(x, up(value));
    ink.stroke();
    ink.beginPath();
    ink.arc(x, up(value), 4.5, 0, 2 * Math.PI);
    ink.fill();
  });
}

function curve(canvas, values, frame, colour, text, said) {
  const [ink, width] = pen(canvas, said);
  const x = (i) => RIM + (i / (values.length - 1)) * (width - 2 * RIM);
  Object.assign(ink, { strokeStyle: colour, fillStyle: text, lineWidth: 2.5, lineJoin: "round" });
  ink.beginPath();
  values.forEach((value, i) => ink.lineTo(x(i), up(value)));
  ink.stroke();
  ink.beginPath();
  ink.arc(x(frame), up(values[frame]), 5, 0, 2 * Math.PI);
  ink.fill();
}
