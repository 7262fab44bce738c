"use strict";
(() => {
  const data = JSON.parse(document.getElementById("island").textContent);
  const { columns, metrics, cells, estimates } = data;
  const root = document.documentElement;
  const colour = (name) => getComputedStyle(root).getPropertyValue(name).trim();
  const one = (selector) => document.querySelector(selector);
  const make = (name, parent, text) => {
    const element = document.createElement(name);
    if (text !== undefined) element.textContent = text;
    parent.append(element);
    return element;
  };
  const digits = (value, count = 4) => {
    if (value == null || !isFinite(value)) return "–";
    if (value !== 0 && (Math.abs(value) >= 1e6 || Math.abs(value) < 1e-3)) return value.toExponential(count - 1).replace(/\.?0*e\+?/, "e");
    return String(+value.toPrecision(count));
  };
  const word = (value) => value === null ? "–" : typeof value === "object" ? JSON.stringify(value) : String(value);
  const key = (values) => JSON.stringify(values);
  const distinct = (column) => {
    const found = new Map(cells.map((row) => [key(row[column]), row[column]]));
    const values = [...found.values()];
    return values.every((value) => typeof value === "number") ? values.sort((a, b) => a - b) : values;
  };
  const label = (row, left, full = left.length > 1) => left.map((column) => full ? columns[column] + " " + word(row[column]) : word(row[column])).join(", ") || "all";

  // ---- curves: one chart a metric, one line for each combination of the other columns -------------------
  const MOST_LINES = 24;
  const charts = [];
  const axes = (x, y, more = {}) => {
    const both = { stroke: colour("--soft"), grid: { stroke: colour("--grid"), width: 1 }, ticks: { stroke: colour("--line"), size: 5 },
      font: "11px system-ui, sans-serif", labelFont: "12px system-ui, sans-serif", labelSize: 20, gap: 4,
      values: (_, ticks) => ticks.map((tick) => tick == null ? "" : digits(tick, 4)) };
    return [{ ...both, label: x, space: 70, size: 30, ...more }, { ...both, label: y, size: 62 }];
  };
  // Names instead of numbers along an axis: one place each, names on several lines where they are long.
  const wrapped = (text, room) => text.split(" ").reduce((rows, word) => {
    if (rows.length && (rows.at(-1) + " " + word).length <= room) rows[rows.length - 1] += " " + word; else rows.push(word);
    return rows;
  }, []);
  const places = (names, wide) => {
    const rows = names.map((name) => wrapped(name, Math.max(5, Math.floor(wide / names.length / 7))));
    return { splits: () => names.map((_, at) => at), values: (_, ticks) => ticks.map((tick) => (rows[tick] ?? []).join("\n")),
      space: 1, size: 16 + 13 * Math.max(...rows.map((lines) => lines.length)), grid: { show: false } };
  };
  const width = (box) => Math.max(260, box.clientWidth);
  const lines = (metric, facet) => {
    const left = columns.map((_, at) => at).filter((at) => at !== data.x && at !== data.facet);
    const groups = new Map();
    cells.forEach((row, at) => {
      if (facet !== undefined && key(row[data.facet]) !== key(facet)) return;
      const group = key(left.map((column) => row[column]));
      if (!groups.has(group)) groups.set(group, { label: label(row, left), points: new Map() });
      const estimate = estimates[at][metric];
      if (estimate) groups.get(group).points.set(row[data.x], estimate);
    });
    return [...groups.values()].filter((group) => group.points.size).slice(0, MOST_LINES);
  };
  const drawCurve = (box, metric, facet) => {
    const xs = distinct(data.x);
    const named = !xs.every((x) => typeof x === "number");
    const groups = lines(metric, facet);
    const columnsOf = [named ? xs.map((_, at) => at) : xs];
    const series = [{ label: columns[data.x], value: (_, value) => value == null ? "–" : named ? word(xs[value]) : digits(value) }];
    const bands = [], whiskers = [];
    groups.forEach((group, at) => {
      const stroke = colour("--s" + at % 12);
      const pick = (of) => xs.map((x) => group.points.has(x) ? of(group.points.get(x)) : null);
      columnsOf.push(pick(([mean]) => mean));
      series.push({ label: group.label, stroke, width: named ? 1 : 2, dash: named ? [2, 3] : at >= 12 ? [6, 4] : undefined, spanGaps: true,
        points: { show: true, size: named ? 9 : 5, fill: named ? stroke : undefined }, value: (_, value) => digits(value) });
      if ([...group.points.values()].some(([, half]) => half)) {
        columnsOf.push(pick(([mean, half]) => mean + (half ?? 0)), pick(([mean, half]) => mean - (half ?? 0)));
        const edge = { class: "edge", stroke: "transparent", width: 0, points: { show: false }, spanGaps: true, value: (_, value) => digits(value) };
        series.push({ ...edge, label: group.label + " +" }, { ...edge, label: group.label + " −" });
        const top = columnsOf.length - 2;
        if (named) whiskers.push([top, stroke]);
        else bands.push({ series: [top, top + 1], fill: `color-mix(in srgb, ${stroke} 18%, transparent)` });
      }
    });
    const positive = columnsOf.slice(1).flat().filter((value) => value != null);
    const spread = Math.max(...positive) / Math.min(...positive);
    const log = Math.min(...positive) > 0 && spread > 50;
    // From one end of an interval to the other.
    const drawWhiskers = (self) => {
      const { ctx } = self;
      ctx.save();
      for (const [top, stroke] of whiskers) {
        ctx.strokeStyle = stroke; ctx.lineWidth = 1.5 * devicePixelRatio;
        self.data[0].forEach((x, at) => {
          if (self.data[top][at] == null) return;
          const [left, high, low] = [self.valToPos(x, "x", true), self.valToPos(self.data[top][at], "y", true), self.valToPos(self.data[top + 1][at], "y", true)];
          ctx.beginPath(); ctx.moveTo(left, high); ctx.lineTo(left, low); ctx.stroke();
        });
      }
      ctx.restore();
    };
    const x = named ? { time: false, range: [-0.5, xs.length - 0.5] } : { time: false };
    const more = named ? places(xs.map(word), width(box) - 82) : {};
    const options = { width: width(box), height: 300, series, bands, axes: axes(columns[data.x], metrics[metric], more), legend: { live: groups.length <= 8 },
      scales: { x, y: { distr: log ? 3 : 1 } }, cursor: { drag: { x: !named, y: false } }, hooks: { draw: [drawWhiskers] } };
    return new uPlot(options, columnsOf, box);
  };

  // ---- heat map -----------------------------------------------------------------------------------------
  const drawHeat = () => {
    const table = one("#heat table");
    table.replaceChildren();
    const [down, across] = data.heat;
    const metric = +one("#heat-metric").value;
    const rest = one("#heat-rest").value;
    const left = columns.map((_, at) => at).filter((at) => !data.heat.includes(at));
    const found = new Map();
    cells.forEach((row, at) => {
      if (key(left.map((column) => row[column])) === rest && estimates[at][metric]) found.set(key([row[down], row[across]]), estimates[at][metric]);
    });
    const values = [...found.values()].map(([mean]) => mean);
    const [low, high] = [Math.min(...values), Math.max(...values)];
    const head = make("tr", make("thead", table));
    make("th", head, columns[down] + " ↓  " + columns[across] + " →");
    distinct(across).forEach((value) => make("th", head, word(value)));
    const body = make("tbody", table);
    distinct(down).forEach((value) => {
      const line = make("tr", body);
      make("th", line, word(value));
      distinct(across).forEach((other) => {
        const estimate = found.get(key([value, other]));
        const field = make("td", line, estimate ? digits(estimate[0]) : "–");
        if (!estimate) return;
        const share = high > low ? (estimate[0] - low) / (high - low) : 0;
        field.style.background = `color-mix(in srgb, var(--s1) ${Math.round(8 + 62 * share)}%, var(--bg))`;
        field.title = estimate[1] == null ? "" : "± " + digits(estimate[1], 3);
      });
    });
  };
  const prepareHeat = () => {
    if (!data.heat || !metrics.length) return one("#heat").remove();
    const left = columns.map((_, at) => at).filter((at) => !data.heat.includes(at));
    const combinations = new Map(cells.map((row) => [key(left.map((column) => row[column])), label(row, left, true)]));
    metrics.forEach((name, at) => { make("option", one("#heat-metric"), name).value = at; });
    [...combinations].slice(0, 500).forEach(([value, text]) => { make("option", one("#heat-rest"), text).value = value; });
    if (combinations.size < 2) one("#heat-rest").parentElement.hidden = true;
    one("#heat-metric").addEventListener("change", drawHeat);
    one("#heat-rest").addEventListener("change", drawHeat);
    drawHeat();
  };

  // ---- best compromises: every pair of goals ------------------------------------------------------------
  const drawFront = (box, a, b) => {
    const [x, y] = [data.goals[a], data.goals[b]];
    const points = cells.map((_, at) => [estimates[at][x]?.[0], estimates[at][y]?.[0], data.front[at]]).filter(([x, y]) => x != null && y != null);
    points.sort((p, q) => p[0] - q[0]);
    const dots = (stroke, size) => ({ stroke, width: 0, paths: () => null, points: { show: true, size, fill: stroke }, value: (_, value) => digits(value) });
    const series = [{ label: metrics[x], value: (_, value) => digits(value) },
      { label: "beaten", ...dots(colour("--soft"), 5) }, { label: "best", ...dots(colour("--s1"), 9) }];
    const table = [points.map(([x]) => x), points.map(([, y, best]) => best ? null : y), points.map(([, y, best]) => best ? y : null)];
    return new uPlot({ width: width(box), height: 300, series, axes: axes(metrics[x], metrics[y]), scales: { x: { time: false } } }, table, box);
  };

  // ---- everything ---------------------------------------------------------------------------------------
  const plan = [];
  const curves = one("#curves .charts");
  if (data.x == null || !metrics.length) one("#curves").remove();
  else metrics.forEach((name, at) => (data.facet == null ? [undefined] : distinct(data.facet)).forEach((facet) => {
    const box = make("div", curves);
    box.className = "chart";
    make("h3", box, facet === undefined ? name : `${name}: ${columns[data.facet]} ${word(facet)}`);
    plan.push([make("div", box), (place) => drawCurve(place, at, facet)]);
  }));
  const fronts = one("#pareto .charts");
  if (fronts) for (let b = 1; b < data.goals.length; b++) for (let a = 0; a < b; a++) {
    const box = make("div", fronts);
    box.className = "chart";
    plan.push([make("div", box), (place) => drawFront(place, a, b)]);
  }
  const draw = () => {
    charts.splice(0).forEach((chart) => chart.destroy());
    plan.forEach(([place, drawn]) => charts.push(drawn(place)));
  };
  prepareHeat();
  draw();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  let waiting;
  addEventListener("resize", () => { clearTimeout(waiting); waiting = setTimeout(() => charts.forEach((chart, at) => chart.setSize({ width: width(plan[at][0]), height: 300 })), 100); });
})();
