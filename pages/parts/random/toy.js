// Nine weights over a small grey picture: each is dragged up or down, or all are thrown anew; the signs follow at once.
export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".toy");
  const state = (root.state ??= { weights: null });
  state.data = data;
  const grey = Uint8Array.from(atob(data.grey), (c) => c.charCodeAt(0));
  state.mean = grey.reduce((sum, value) => sum + value, 0) / grey.length;
  state.grey = grey;
  const image = root.querySelector("img");
  image.src = data.picture;
  image.alt = data.title;
  const dice = root.querySelector(".dice");
  dice.textContent = `⚄ ${data.words.dice}`;
  dice.onclick = () => {
    state.weights = Array.from({ length: 9 }, normal);
    show();
  };
  const rgb = (colour) => [1, 3, 5].map((i) => parseInt(colour.slice(i, i + 2), 16));
  const ends = [rgb(data.colours[1]), rgb(data.colours[data.colours.length - 2])];
  if (!root.begun) build();
  root.begun = true;
  state.weights ??= [-1, 0, 1, -2, 0, 2, -1, 0, 1]; // an edge, to begin with something that is understood
  root.querySelectorAll(".weights span").forEach((cell, i) => cell.setAttribute("aria-label", data.words.weights[i]));
  show();

  function normal() {
    return Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());
  }

  function build() {
    const box = root.querySelector(".weights");
    for (let i = 0; i < 9; i++) {
      const cell = document.createElement("span");
      cell.tabIndex = 0;
      cell.setAttribute("role", "slider");
      cell.setAttribute("aria-valuemin", "-3");
      cell.setAttribute("aria-valuemax", "3");
      let from = null;
      const set = (value) => {
        state.weights[i] = Math.max(-3, Math.min(3, value));
        root.show();
      };
      cell.onpointerdown = (event) => {
        from = [event.clientY, state.weights[i]];
        cell.setPointerCapture(event.pointerId);
      };
      cell.onpointermove = (event) => from && set(from[1] + (from[0] - event.clientY) / 25);
      cell.onpointerup = cell.onpointercancel = () => (from = null);
      cell.onkeydown = (event) => {
        const step = { ArrowUp: 0.2, ArrowRight: 0.2, ArrowDown: -0.2, ArrowLeft: -0.2 }[event.key];
        if (!step) return;
        event.preventDefault();
        set(state.weights[i] + step);
      };
      box.append(cell);
    }
  }

  function show() {
    root.show = show;
    const { side } = state.data, inner = side - 2, weights = state.weights;
    const canvas = root.querySelector("canvas"), pen = canvas.getContext("2d");
    canvas.width = canvas.height = inner;
    const pixels = pen.createImageData(inner, inner);
    let sum = 0;
    for (let y = 0; y < inner; y++) {
      for (let x = 0; x < inner; x++) {
        let answer = 0;
        for (let k = 0; k < 9; k++) {
          answer += weights[k] * (state.grey[(y + Math.floor(k / 3)) * side + x + (k % 3)] - state.mean);
        }
        const yes = answer > 0, at = 4 * (y * inner + x);
        sum += yes ? 1 : -1;
        [pixels.data[at], pixels.data[at + 1], pixels.data[at + 2], pixels.data[at + 3]] = [...ends[Number(yes)], 255];
      }
    }
    pen.putImageData(pixels, 0, 0);
    canvas.setAttribute("aria-label", state.data.words.alt);
    const mean = sum / inner ** 2;
    root.querySelector("figcaption").textContent =
      `${state.data.words.said}: ${mean < 0 ? "−" : "+"}${Math.abs(mean).toFixed(2)}`;
    root.querySelectorAll(".weights span").forEach((cell, i) => {
      const value = weights[i], share = Math.min(1, Math.abs(value) / 2.5);
      cell.textContent = `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(1)}`;
      cell.setAttribute("aria-valuenow", value.toFixed(1));
      cell.style.setProperty("--share", `${Math.round(70 * share)}%`);
      cell.style.setProperty("--hue", `rgb(${ends[Number(value > 0)].join(" ")})`);
    });
  }
}
