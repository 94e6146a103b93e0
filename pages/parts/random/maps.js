// Plotly's labels hold no pictures: this shows the one under the pointer, cut from the sheet that came with the page.
export default function ({ data, parentElement }) {
  const tip = parentElement.querySelector(".tip"), canvas = tip.querySelector("canvas");
  const words = tip.querySelector("span"), sheet = new Image(), heard = new Map();
  const scale = Math.max(1, Math.round(96 / Math.max(data.height, data.width)));
  canvas.width = data.width * scale;
  canvas.height = data.height * scale;
  sheet.src = data.source;
  const hide = () => { tip.style.display = "none"; };
  const show = ({ points: [point], event }) => {
    if (point.curveNumber !== 0) return;
    const i = point.pointNumber, column = i % data.columns, row = Math.floor(i / data.columns);
    const pen = canvas.getContext("2d");
    pen.imageSmoothingEnabled = false;
    pen.drawImage(sheet, column * data.width, row * data.height, data.width, data.height,
      0, 0, canvas.width, canvas.height);
    words.textContent = `${data.classes[data.labels[i]]} · picture ${data.numbers[i]}`;
    tip.style.display = "flex";
    const left = Math.min(event.clientX + 16, window.innerWidth - tip.offsetWidth - 8);
    const under = event.clientY + 16 + tip.offsetHeight < window.innerHeight;
    tip.style.left = `${left}px`;
    tip.style.top = `${under ? event.clientY + 16 : event.clientY - 16 - tip.offsetHeight}px`;
  };
  const listen = ({ target }) => {  // charts are drawn anew at times: look when the pointer comes
    const chart = target.closest?.(".js-plotly-plot");
    if (!chart) return hide();
    if (heard.has(chart) || !data.charts.some((key) => chart.closest(`.st-key-${key}`))) return;
    chart.on("plotly_hover", show);
    chart.on("plotly_unhover", hide);
    heard.set(chart, true);
  };
  document.addEventListener("pointerover", listen);
  return () => {
    document.removeEventListener("pointerover", listen);
    for (const chart of heard.keys()) {
      chart.removeListener?.("plotly_hover", show);
      chart.removeListener?.("plotly_unhover", hide);
    }
    hide();
  };
}
