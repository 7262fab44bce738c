"use strict";
(() => {
  const runs = JSON.parse(document.getElementById("island").textContent);
  const several = runs.length > 1;
  const one = (selector, within = document) => within.querySelector(selector);
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const STEPS = 16;

  // ---- numbers for people ------------------------------------------------------------------------------
  const PREFIXES = [["G", 1e9], ["M", 1e6], ["k", 1e3], ["", 1], ["m", 1e-3], ["µ", 1e-6], ["n", 1e-9], ["p", 1e-12], ["f", 1e-15], ["a", 1e-18]];
  const digits = (value, count = 4) => {
    if (!isFinite(value)) return "–";
    if (value !== 0 && (Math.abs(value) >= 1e6 || Math.abs(value) < 1e-4)) return value.toExponential(count - 1);
    return String(+value.toPrecision(count));
  };
  const engineering = (value, unit, count = 4) => {
    if (value === 0) return "0 " + unit;
    const [prefix, scale] = PREFIXES.find(([, scale]) => Math.abs(value) >= scale) ?? PREFIXES[9];
    return digits(value / scale, count) + " " + prefix + unit;
  };
  const grouped = (value) => value.toLocaleString("en-US");
  const percent = (share) => digits(100 * share, 3) + " %";

  // ---- theme -------------------------------------------------------------------------------------------
  const root = document.documentElement;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const THEMES = ["system", "light", "dark"];
  let theme = 0;
  let printing = false;
  const colour = (name) => getComputedStyle(root).getPropertyValue(name).trim();
  const lineColour = (index) => colour("--s" + (index % 12));
  const button = document.getElementById("theme");
  button.addEventListener("click", () => {
    theme = (theme + 1) % THEMES.length;
    if (theme) root.dataset.theme = THEMES[theme]; else delete root.dataset.theme;
    button.textContent = "theme: " + THEMES[theme];
    drawCharts();
  });
  dark.addEventListener("change", () => drawCharts());
  addEventListener("beforeprint", () => { printing = true; drawCharts(); });
  addEventListener("afterprint", () => { printing = false; drawCharts(); });

  // ---- the tip beside the pointer ----------------------------------------------------------------------
  const tip = document.getElementById("tip");
  const showTip = (x, y, text) => {
    tip.textContent = text;
    tip.hidden = false;
    const box = tip.getBoundingClientRect();
    tip.style.left = Math.max(4, Math.min(x + 14, innerWidth - box.width - 6)) + "px";
    tip.style.top = (y + 18 + box.height > innerHeight ? y - box.height - 10 : y + 18) + "px";
  };
  const hideTip = () => { tip.hidden = true; };

  // ---- the chip ----------------------------------------------------------------------------------------
  const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_";
  const VALUE = new Map([...ALPHABET].map((letter, value) => [letter, value]));
  const unpack = (text, quantum) => {
    const values = new Float64Array(text.length / 2);
    for (let i = 0; i < values.length; i++) values[i] = (64 * VALUE.get(text[2 * i]) + VALUE.get(text[2 * i + 1])) * quantum;
    return values;
  };
  const STATES = { f: "broken", u: "unsafe", i: "isolated", n: "its node is broken", ".": "works" };
  const LINK_STATES = { x: "does not work", c: "chip to chip", ".": "on the chip" };
  const details = one("[data-details]");
  const views = [];

  class ChipView {
    constructor(figure) {
      this.place = +figure.dataset.run;
      this.run = runs[this.place];
      this.chip = this.run.chip;
      this.svg = one("svg.chip", figure);
      this.tiles = [...one(".tiles", this.svg).children];
      this.links = [...one(".links", this.svg).children];
      this.parts = new Map();
      this.tiles.forEach((tile, id) => this.parts.set(tile, ["router", id]));
      this.links.forEach((link, id) => this.parts.set(link, ["link", id]));
      this.out = this.tiles.map(() => []);
      this.into = this.tiles.map(() => []);
      this.chip.from.forEach((from, id) => { this.out[from].push(id); this.into[this.chip.to[id]].push(id); });
      this.marks = this.tiles.map((tile) => tile.getAttribute("class").replace(/^t\d+/, ""));
      this.linkMarks = this.links.map((link) => link.getAttribute("class").replace(/^l\d+/, ""));
      this.tileBy = "flits";
      this.linkBy = "use";
      this.when = -1;
      this.chosen = null;
      this.listen();
    }

    interval(link) { return typeof this.chip.interval === "number" ? this.chip.interval : this.chip.interval[link]; }
    name(router) {
      if (!this.chip.size) return "router " + router;
      const at = [];
      for (const k of this.chip.size) { at.push(router % k); router = Math.floor(router / k); }
      return "[" + at.join(", ") + "]";
    }
    linkName(link) { return this.name(this.chip.from[link]) + " → " + this.name(this.chip.to[link]); }

    // Cycles or steps, flits or packets by link and delivered by router, peaks, and cycles of the network: of
    // one frame, or of the whole run.
    loads() {
      const film = this.chip.film;
      const whole = this.run.cycles || 1;
      if (this.when < 0 || !film) return [whole, this.chip.linkFlits, this.chip.delivered, this.chip.peak, this.run.network ?? whole];
      const lasts = Math.max(1, Math.min(film.width, this.run.cycles - this.when * film.width));
      return [lasts, unpack(film.links[this.when], film.quantum[0]), unpack(film.delivered[this.when], film.quantum[1]), film.peak, film.cycles?.[this.when] || lasts];
    }

    // What tiles and links are coloured by, with the values that colours end at, and how they are written.
    scales() {
      const [time, linkFlits, delivered, peak, cycles] = this.loads();
      const most = (values) => roundedUp(values.reduce((most, value) => Math.max(most, value), 0));
      const perCycle = (flits) => flits / time;
      let tiles, tilePeak, tileText;
      if (this.tileBy === "energy") {
        tiles = this.chip.energy;
        [tilePeak, tileText] = [most(tiles), (value) => engineering(value, "J", 3)];
      } else if (this.tileBy === "spikes" || this.tileBy === "neurons") {
        tiles = this.chip[this.tileBy];
        [tilePeak, tileText] = [most(tiles), (value) => grouped(value) + " " + this.tileBy];
      } else {
        if (this.tileBy === "delivered") tiles = Array.from(delivered, perCycle);
        else if (this.when < 0) tiles = this.chip.flits.map(perCycle);
        else {
          const through = Float64Array.from(delivered);
          this.chip.from.forEach((from, id) => { through[from] += linkFlits[id]; });
          tiles = Array.from(through, perCycle);
        }
        [tilePeak, tileText] = [this.tileBy === "delivered" && this.when < 0 ? most(tiles) : peak[0], (value) => digits(value, 3) + " " + this.run.words.join("/")];
      }
      if (this.linkBy === "energy") {
        const links = this.chip.linkEnergy;
        return { tiles, tilePeak, tileText, links, linkPeak: most(links), linkText: (value) => engineering(value, "J", 3), linkFlits, delivered, cycles };
      }
      const links = Array.from(linkFlits, (flits, id) => flits * this.interval(id) / cycles);
      return { tiles, tilePeak, tileText, links, linkPeak: peak[1], linkText: percent, linkFlits, delivered, cycles };
    }

    paint() {
      const scales = this.now = this.scales();
      const step = (value, peak) => value > 0 ? Math.max(1, Math.min(STEPS - 1, Math.round(value / peak * (STEPS - 1)))) : 0;
      const set = (element, name) => { if (element.getAttribute("class") !== name) element.setAttribute("class", name); };
      this.tiles.forEach((tile, id) => set(tile, "t" + step(scales.tiles[id], scales.tilePeak) + this.marks[id]));
      this.links.forEach((link, id) => {
        if (this.chip.linkState[id] !== "x") set(link, "l" + step(scales.links[id], scales.linkPeak) + this.linkMarks[id]);
      });
      if (this.chosen) this.choose(this.chosen);
      return scales;
    }

    element([kind, id]) { return kind === "router" ? this.tiles[id] : this.links[id]; }

    line([kind, id]) {
      const { tiles, tileText, links, linkText } = this.now;
      if (kind === "router") return this.name(id) + ": " + tileText(tiles[id]) + (this.chip.state[id] === "." ? "" : ", " + STATES[this.chip.state[id]]);
      return this.linkName(id) + ": " + (this.chip.linkState[id] === "x" ? LINK_STATES.x : linkText(links[id]));
    }

    choose(part) {
      all(".on", this.svg).forEach((element) => element.classList.remove("on"));
      this.chosen = part;
      if (!part) return;
      this.element(part).classList.add("on");
      const { linkFlits, delivered, cycles } = this.now;
      const rows = [];
      const use = (link) => this.chip.linkState[link] === "x" ? LINK_STATES.x : percent(linkFlits[link] * this.interval(link) / cycles);
      const [kind, id] = part;
      if (kind === "router") {
        let through = delivered[id];
        for (const link of this.out[id]) through += linkFlits[link];
        rows.push(["state", STATES[this.chip.state[id]]], ["nodes", this.chip.nodes[id]]);
        const [what] = this.run.words;
        if (this.chip.neurons) rows.push(["neurons", grouped(this.chip.neurons[id])], ["spikes, whole run", grouped(this.chip.spikes[id])]);
        rows.push([what + " through", grouped(through)], [what + " delivered", grouped(delivered[id])]);
        if (this.chip.energy) rows.push(["energy, whole run", engineering(this.chip.energy[id], "J")]);
        for (const link of this.out[id]) rows.push(["to " + this.name(this.chip.to[link]), use(link)]);
        for (const link of this.into[id]) rows.push(["from " + this.name(this.chip.from[link]), use(link)]);
      } else {
        rows.push(["state", LINK_STATES[this.chip.linkState[id]]], ["utilisation", use(id)], [this.run.words[0], grouped(linkFlits[id])]);
        if (this.chip.linkEnergy) rows.push(["energy, whole run", engineering(this.chip.linkEnergy[id], "J")]);
      }
      const title = document.createElement("h4");
      title.textContent = (several ? letter(this.place) + " " : "") + (kind === "router" ? this.name(id) : this.linkName(id));
      const list = document.createElement("dl");
      for (const [name, value] of rows) {
        const dt = document.createElement("dt"), dd = document.createElement("dd");
        dt.textContent = name; dd.textContent = value;
        list.append(dt, dd);
      }
      details.replaceChildren(title, list);
    }

    listen() {
      const svg = this.svg;
      svg.addEventListener("pointermove", (event) => {
        const part = this.parts.get(event.target);
        if (!part) return hideTip();
        showTip(event.clientX, event.clientY, this.line(part));
        if (!this.held) this.choose(part);
      });
      svg.addEventListener("pointerleave", hideTip);
      svg.addEventListener("click", (event) => {
        const part = this.parts.get(event.target);
        this.held = Boolean(part);
        this.choose(part ?? null);
      });
      svg.addEventListener("keydown", (event) => this.key(event));
    }

    middle(router) {
      const box = this.tiles[router].getBBox();
      return [box.x + box.width / 2, box.y + box.height / 2];
    }

    // The nearest tile in a direction: what lies aside counts twice.
    beside(router, dx, dy) {
      const [x, y] = this.middle(router);
      let best = router, least = Infinity;
      this.middles ??= this.tiles.map((_, id) => this.middle(id));
      this.middles.forEach(([u, v], id) => {
        const along = (u - x) * dx + (v - y) * dy, aside = Math.abs((u - x) * dy) + Math.abs((v - y) * dx);
        if (along > 1 && along + 2 * aside < least) [best, least] = [id, along + 2 * aside];
      });
      return best;
    }

    key(event) {
      const ways = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
      const [kind, id] = this.chosen ?? ["router", 0];
      const at = kind === "router" ? id : this.chip.from[id];
      if (ways[event.key]) this.choose(["router", this.chosen ? this.beside(at, ...ways[event.key]) : 0]);
      else if (event.key === "l" || event.key === "L") {
        const own = this.out[at].concat(this.into[at]);
        if (own.length) this.choose(["link", own[((kind === "link" ? own.indexOf(id) : -1) + 1) % own.length]]);
      } else if (event.key === "Escape") { this.held = false; this.choose(null); hideTip(); return; }
      else return;
      event.preventDefault();
      this.held = true;
      const box = this.element(this.chosen).getBoundingClientRect();
      showTip(box.right, box.bottom, this.line(this.chosen));
    }
  }

  const roundedUp = (value) => {
    if (!(value > 0)) return 1;
    const power = 10 ** Math.floor(Math.log10(value));
    return (([1, 1.5, 2, 3, 4, 5, 6, 8, 10].find((step) => value <= step * power * (1 + 1e-9))) ?? 10) * power;
  };
  const letter = (place) => String.fromCharCode(65 + place);

  const paintChips = () => {
    let most = null;
    for (const view of views) most = view.paint();
    if (!most) return;
    one("[data-tile-name]").textContent = one("[data-tiles]").selectedOptions[0].textContent;
    one("[data-link-name]").textContent = one("[data-links]")?.value === "energy" ? "energy of the link" : "utilisation of the link";
    one("[data-tile-peak]").textContent = most.tileText(most.tilePeak);
    one("[data-link-peak]").textContent = most.linkText(most.linkPeak);
  };

  // What the slowest step of a stretch took, and what it waited for.
  const slowestOf = (steps, from, to) => {
    if (!steps) return "";
    let slowest = -1;
    steps.timestep.forEach((step, at) => { if (step >= from && step <= to && !(steps.seconds[at] <= steps.seconds[slowest])) slowest = at; });
    if (slowest < 0) return "";
    const name = steps.critical[slowest];
    return `: ${from < to ? "up to " : ""}${engineering(steps.seconds[slowest], "s", 3)}${name ? ", waited for " + name : ""}`;
  };

  const showTime = (when) => {
    for (const view of views) {
      view.when = when;
      // What breaks later than the moment shown is whole.
      const until = when < 0 ? Infinity : (when + 1) * (view.chip.film?.width ?? Infinity);
      view.svg.querySelectorAll(".mb").forEach((mark) => { mark.style.display = +mark.dataset.at < until ? "" : "none"; });
    }
    const { film } = views[0].chip, { cycles, clock, network, steps } = views[0].run;
    const text = one("[data-when-text]");
    text.title = "";
    if (when < 0) text.textContent = "whole run";
    else if (network) {
      const [from, to] = [when * film.width + 1, Math.min(cycles, (when + 1) * film.width)];
      text.textContent = (from < to ? `steps ${grouped(from)} to ${grouped(to)}` : `step ${grouped(from)}`) + slowestOf(steps, from, to);
    } else {
      const [from, to] = [when * film.width, Math.min(cycles, (when + 1) * film.width)];
      text.textContent = `cycles ${grouped(from)} to ${grouped(to)}`;
      text.title = clock ? `${engineering(from / clock, "s")} to ${engineering(to / clock, "s")}` : "";
    }
    paintChips();
    markTime(when < 0 ? null : (when + 0.5) * film.width + (network ? 0.5 : 0));
  };

  const startChips = () => {
    all(".chip-figure").forEach((figure) => views.push(new ChipView(figure)));
    if (!views.length) return;
    const states = new Set(views.flatMap((view) => [...view.chip.state]));
    if (views.some((view) => view.chip.linkState.includes("x"))) states.add("x");
    if (one(".chip .rings path")) states.add("r");
    if (one(".chip .mb")) states.add("b");
    all("[data-key]").forEach((key) => { key.hidden = !states.has(key.dataset.key); });
    const choose = (selector, set) => one(selector)?.addEventListener("change", (event) => {
      views.forEach((view) => set(view, event.target.value));
      paintChips();
    });
    choose("[data-tiles]", (view, value) => { view.tileBy = value; });
    choose("[data-links]", (view, value) => { view.linkBy = value; });
    const slider = one("[data-when]");
    const film = views[0].chip.film;
    if (slider && film) {
      slider.max = film.links.length;
      slider.addEventListener("input", () => showTime(+slider.value - 1));
      let clock = null;
      const play = one("[data-play]");
      const stop = () => { clearInterval(clock); clock = null; play.textContent = "▶"; play.setAttribute("aria-label", "play"); };
      play.addEventListener("click", () => {
        if (clock) return stop();
        play.textContent = "❚❚"; play.setAttribute("aria-label", "pause");
        if (+slider.value >= film.links.length) slider.value = 0;
        clock = setInterval(() => {
          slider.value = +slider.value + 1;
          showTime(+slider.value - 1);
          if (+slider.value >= film.links.length) stop();
        }, 220);
      });
    }
    paintChips();
  };

  // ---- charts ------------------------------------------------------------------------------------------
  let charts = [];
  let timed = [];
  const label = (place, name) => (several ? letter(place) + (name ? " " + name : "") : name);

  const axis = (text, more = {}) => ({
    label: text, labelSize: 18, labelGap: 0, labelFont: "12px system-ui, sans-serif", font: "11px system-ui, sans-serif", gap: 3,
    size: 28, stroke: colour("--soft"), grid: { stroke: colour("--grid"), width: 1 }, ticks: { stroke: colour("--grid"), width: 1, size: 4 },
    ...more,
  });
  const plain = (self, values) => values.map((value) => value == null ? "" : digits(value, 3));
  // On logarithmic axes uPlot hands over nulls for the ticks that have no room for a text.
  const powers = (self, values) => values.map((value) => value == null ? "" : value >= 1e6 || value < 1e-3 ? value.toExponential(0) : String(value));

  // A range with some room, not rounded to powers of ten; texts at 1, 2 and 5 where it is short.
  const spread = (below, above) => (self, low, high) => [low * below, Math.max(high, low * 1.5) * above];
  const dense = (self, values) => {
    const wide = values.at(-1) / values[0] > 300;
    return values.map((value) => [1, 2, 5].includes(Math.round(value / 10 ** Math.floor(Math.log10(value) + 1e-9))) && (!wide || Math.abs(Math.log10(value) % 1) < 1e-9) ? value : null);
  };

  const chart = (name, within, make) => {
    const figures = all(`[data-chart="${name}"]`).filter((figure) => within === null || +figure.dataset.run === within);
    for (const figure of figures) {
      const made = make();
      if (!made || made.data[0].length === 0) { figure.hidden = true; continue; }
      const width = Math.max(200, figure.clientWidth);
      const height = figure.classList.contains("tall") ? 360 : Math.min(300, Math.max(230, Math.round(width * 0.5)));
      const options = {
        width, height, legend: { live: true }, cursor: { drag: { x: true, y: false }, points: { size: 6 } },
        padding: [10, 14, 0, 0], ...made.options,
      };
      figure.querySelector(".uplot")?.remove();
      const drawn = new uPlot(options, made.data, figure);
      charts.push({ drawn, figure });
      if (made.timed) timed.push(drawn);
    }
  };

  // Several lines that each have x values of their own, on one x axis.
  const joined = (lines) => uPlot.join(lines.map(({ x, y }) => [x, y]));
  const series = (lines, more = {}) => [{}, ...lines.map((line) => ({
    label: line.name, stroke: line.colour, width: 1.8, spanGaps: true, points: { show: false },
    value: (self, value) => value == null ? "–" : digits(value), ...more, ...line.more,
  }))];

  const histogram = () => {
    const lines = [];
    runs.forEach((run, place) => run.latency.forEach((latency, kind) => {
      if (several && latency.name !== "packet") return;
      const total = latency.counts.reduce((sum, count) => sum + count, 0);
      const index = several ? place : kind;
      // A bin without packets has no place on a logarithmic axis.
      const y = latency.counts.map((count) => count > 0 ? 100 * count / total : null);
      lines.push({ name: label(place, several ? "" : latency.name), colour: lineColour(index), x: latency.edges.map((edge) => Math.max(edge, 0.5)), y: [...y, y.at(-1)],
        more: { dash: kind && !several ? [5, 3] : undefined, paths: uPlot.paths.stepped({ align: 1 }), spanGaps: false, fill: several ? undefined : lineColour(index) + "22" } });
    }));
    if (!lines.length) return null;
    return { data: joined(lines), options: {
      scales: { x: { time: false, distr: 3, range: spread(0.98, 1.02) }, y: { distr: 3, range: spread(0.6, 1.6) } },
      axes: [axis("latency [cycles]", { values: powers, filter: dense }), axis("packets [%]", { values: powers, filter: dense, size: 56 })],
      series: withX(series(lines), "latency", (value) => digits(value) + " cycles"),
    } };
  };

  const withX = (list, name, value) => { list[0] = { label: name, value: (self, at) => at == null ? "–" : value(at) }; return list; };

  const percentiles = () => {
    const lines = [];
    runs.forEach((run, place) => run.latency.forEach((latency, kind) => {
      if (several && latency.name !== "packet") return;
      lines.push({ name: label(place, several ? "" : latency.name), colour: lineColour(several ? place : kind),
        x: latency.curve.map(([x]) => x), y: latency.curve.map(([, y]) => Math.max(y, 0.5)), more: { dash: kind && !several ? [5, 3] : undefined, paths: uPlot.paths.stepped({ align: -1 }) } });
    }));
    if (!lines.length) return null;
    const share = (left) => left <= 1 ? "0" : String(+(100 * (1 - 1 / left)).toPrecision(9)).slice(0, 2 + Math.max(0, Math.round(Math.log10(left)) - 1));
    const most = Math.max(...lines.map((line) => line.x.at(-1)));
    const splits = []; for (let left = 1; left <= most * 1.001; left *= 10) splits.push(left);
    return { data: joined(lines), options: {
      scales: { x: { time: false, distr: 3, range: [1, Math.max(10, most)] }, y: { distr: 3, range: spread(0.85, 1.15) } },
      axes: [axis("percentile", { splits: () => splits, values: (self, values) => values.map((value) => value == null ? "" : share(value) + (value > 1 ? " %" : "")), filter: (self, values) => values }),
        axis("latency [cycles]", { values: powers, filter: dense, size: 56 })],
      series: withX(series(lines, { value: (self, value) => value == null ? "–" : digits(value) + " cycles" }), "percentile", (left) => digits(100 * (1 - 1 / left), 5) + " %"),
    } };
  };

  const overTime = (name, unit, text) => () => {
    const lines = [];
    runs.forEach((run, place) => { if (run.activity) lines.push({ name: label(place, several ? "" : unit), colour: lineColour(place), x: run.activity.cycle, y: run.activity[name].map((value) => text === percent ? 100 * value : value) }); });
    if (!lines.length) return null;
    const window = runs[0].activity?.window;
    const same = runs.every((run) => String(run.activity?.window) === String(window));
    return { timed: true, data: joined(lines), options: {
      scales: { x: { time: false }, y: { range: (self, low, high) => [0, high > 0 ? high * 1.06 : 1] } },
      axes: [axis("time [cycles]", { values: (self, values) => values.map((value) => engineering(value, "").trim()) }), axis(unit, { values: plain, size: 56 })],
      series: withX(series(lines, { fill: undefined }), "cycle", (value) => grouped(Math.round(value))),
      hooks: { drawClear: [(self) => { if (window && same) shade(self, window); }], draw: [drawMark] },
    } };
  };

  const shade = (self, [from, to]) => {
    const { ctx, bbox } = self;
    const at = (value) => Math.min(bbox.left + bbox.width, Math.max(bbox.left, self.valToPos(value, "x", true)));
    ctx.save();
    ctx.globalAlpha = 0.09;
    ctx.fillStyle = colour("--accent");
    ctx.fillRect(at(from), bbox.top, at(to) - at(from), bbox.height);
    ctx.restore();
  };

  // The moment that the slider shows, in the charts over time.
  let moment = null;
  const drawMark = (self) => {
    if (moment === null) return;
    const { ctx, bbox } = self;
    const x = self.valToPos(moment, "x", true);
    ctx.save();
    ctx.strokeStyle = colour("--accent");
    ctx.lineWidth = 2 * devicePixelRatio;
    ctx.beginPath(); ctx.moveTo(x, bbox.top); ctx.lineTo(x, bbox.top + bbox.height); ctx.stroke();
    ctx.restore();
  };
  const markTime = (at) => { moment = at; timed.forEach((drawn) => drawn.redraw(false)); };

  const saturation = (value, unit) => () => {
    const lines = [];
    runs.forEach((run, place) => {
      const points = run.saturation?.points?.filter((point) => point[value] != null && point.offered > 0);
      if (!points?.length) return;
      points.sort((a, b) => a.offered - b.offered);
      const show = { points: { show: true, size: 7, width: 1.8, fill: (self, index) => lineColour(place) } };
      lines.push({ name: label(place, several ? "" : unit), colour: lineColour(place), x: points.map((point) => point.offered), y: points.map((point) => point[value]), points, more: show });
    });
    if (!lines.length) return null;
    const bounds = runs.map((run) => run.saturation?.above).filter((at) => at != null);
    // Points beyond saturation are hollow.
    const hollow = (self) => {
      const { ctx } = self;
      ctx.save();
      lines.forEach((line, index) => line.points.filter((point) => point.saturated).forEach((point) => {
        const [x, y] = [self.valToPos(point.offered, "x", true), self.valToPos(point[value], "y", true)];
        ctx.beginPath(); ctx.arc(x, y, 3.4 * devicePixelRatio, 0, 2 * Math.PI);
        ctx.fillStyle = colour("--bg"); ctx.fill(); ctx.lineWidth = 1.8 * devicePixelRatio; ctx.strokeStyle = line.colour; ctx.stroke();
      }));
      ctx.setLineDash([5 * devicePixelRatio, 4 * devicePixelRatio]); ctx.strokeStyle = colour("--soft"); ctx.lineWidth = devicePixelRatio;
      for (const at of bounds) { const x = self.valToPos(at, "x", true); ctx.beginPath(); ctx.moveTo(x, self.bbox.top); ctx.lineTo(x, self.bbox.top + self.bbox.height); ctx.stroke(); }
      ctx.restore();
    };
    return { data: joined(lines), options: {
      scales: { x: { time: false, range: (self, low, high) => [0, high * 1.05] }, y: value === "mean_latency" ? { distr: 3 } : { range: (self, low, high) => [0, high * 1.08] } },
      axes: [axis("offered [flits/node/cycle]", { values: plain }), axis(unit, { values: value === "mean_latency" ? powers : plain, size: 56 })],
      series: withX(series(lines), "offered", (at) => digits(at) + " flits/node/cycle"),
      hooks: { draw: [hollow] },
    } };
  };

  const search = () => {
    const lines = [];
    const spent = (run, step) => {
      const point = run.search.find((one) => one.steps === step);
      return point?.seconds == null ? "" : `, ${engineering(point.seconds, "s")}, ${engineering(point.joules, "J")}`;
    };
    runs.forEach((run, place) => {
      if (!run.search?.length) return;
      const formula = run.search[0].unsatisfied != null;
      lines.push({ name: label(place, several ? "" : formula ? "clauses that do not hold" : "value"), colour: lineColour(place),
        x: run.search.map((point) => point.steps), y: run.search.map((point) => formula ? point.unsatisfied : point.value),
        more: { paths: uPlot.paths.stepped({ align: 1 }), points: { show: true, size: 6, fill: lineColour(place) },
          value: (self, value, seriesIndex, index) => value == null ? "–" : digits(value) + spent(run, self.data[0][index]) } });
    });
    if (!lines.length) return null;
    return { data: joined(lines), options: {
      scales: { x: { time: false, distr: 3, range: spread(0.85, 1.15) } },
      axes: [axis("step", { values: powers, filter: dense }), axis("best value", { values: plain, size: 56 })],
      series: withX(series(lines), "step", (value) => grouped(value)),
    } };
  };

  const steps = () => {
    const lines = [];
    runs.forEach((run, place) => { if (run.steps) lines.push({ name: label(place, several ? "" : "duration"), colour: lineColour(place), x: run.steps.timestep, y: run.steps.seconds, run,
      more: { value: (self, value, seriesIndex, index) => value == null ? "–" : engineering(value, "s") + critical(run, self, index) } }); });
    if (!lines.length) return null;
    return { timed: true, data: joined(lines), options: {
      scales: { x: { time: false }, y: { range: (self, low, high) => [0, high > 0 ? high * 1.06 : 1] } },
      hooks: { draw: [drawMark] },
      axes: [axis("step"), axis("duration [s]", { size: 64, values: (self, values) => values.map((value) => engineering(value, "s", 3)) })],
      series: withX(series(lines), "step", (value) => grouped(value)),
    } };
  };
  const critical = (run, self, index) => {
    const at = run.steps.timestep.indexOf(self.data[0][index]);
    const name = run.steps.critical[at];
    return name ? ", waited for " + name : "";
  };

  const raster = (place) => () => {
    const spikes = runs[place].spikes;
    if (!spikes) return null;
    const rows = spikes.populations.reduce((most, [, first, count]) => Math.max(most, first + count), 1);
    const bounds = (self) => {
      const { ctx, bbox } = self;
      ctx.save();
      ctx.fillStyle = ctx.strokeStyle = colour("--soft"); ctx.lineWidth = devicePixelRatio; ctx.font = 11 * devicePixelRatio + "px system-ui, sans-serif"; ctx.textBaseline = "top";
      for (const [name, first] of spikes.populations) {
        const y = Math.round(self.valToPos(first, "y", true));
        if (first > 0) { ctx.globalAlpha = 0.5; ctx.beginPath(); ctx.moveTo(bbox.left, y); ctx.lineTo(bbox.left + bbox.width, y); ctx.stroke(); ctx.globalAlpha = 1; }
        ctx.textBaseline = "bottom"; ctx.textAlign = "left";
        if (spikes.populations.length <= 12) ctx.fillText(name.slice(0, 24), bbox.left + 4, y - 2);
      }
      ctx.restore();
    };
    return { timed: true, data: [spikes.time, spikes.row], options: {
      legend: { show: true }, scales: { x: { time: false }, y: { range: [0, rows] } },
      axes: [axis("time"), axis("neuron", { size: 56, values: plain })],
      series: [{ label: "time", value: (self, value) => value == null ? "–" : digits(value) }, { label: spikes.each > 1 ? `neuron (one in ${spikes.each} of ${grouped(spikes.total)} spikes)` : "neuron",
        stroke: lineColour(place), paths: () => null, points: { show: true, size: spikes.time.length > 5000 ? 2 : 3, width: 0, fill: lineColour(place) }, value: (self, value) => value == null ? "–" : grouped(value) }],
      hooks: { draw: [bounds, drawMark] },
    } };
  };

  const spiking = (place) => () => {
    const spikes = runs[place].spikes;
    if (!spikes) return null;
    const lines = spikes.activity.map(([name, counts], index) => ({ name, colour: name === "all" ? colour("--ink") : lineColour(index), x: spikes.stretches, y: counts, more: { width: 1.3 } }));
    return { data: joined(lines), options: {
      scales: { x: { time: false }, y: { range: (self, low, high) => [0, high > 0 ? high * 1.06 : 1] } },
      axes: [axis("time"), axis(`spikes per ${digits(spikes.stretch, 3)} of time`, { values: plain, size: 56 })],
      series: withX(series(lines), "time", (value) => digits(value)),
    } };
  };

  const drawCharts = () => {
    // On paper the colours are those of the light theme.
    const before = root.dataset.theme;
    if (printing) root.dataset.theme = "light";
    charts.forEach(({ drawn }) => drawn.destroy());
    charts = []; timed = [];
    chart("load-latency", null, saturation("mean_latency", "mean latency [cycles]"));
    chart("load-accepted", null, saturation("accepted", "accepted [flits/node/cycle]"));
    chart("histogram", null, histogram);
    chart("percentiles", null, percentiles);
    chart("delivered", null, overTime("delivered", "flits/node/cycle", digits));
    chart("utilisation", null, overTime("utilisation", "utilisation [%]", percent));
    chart("search", null, search);
    chart("steps", null, steps);
    runs.forEach((run, place) => {
      chart("raster", place, raster(place));
      chart("spiking", place, spiking(place));
    });
    if (printing) { if (before) root.dataset.theme = before; else delete root.dataset.theme; }
  };

  let resizing = null;
  let width = innerWidth;
  addEventListener("resize", () => {
    if (innerWidth === width) return;
    width = innerWidth;
    clearTimeout(resizing);
    resizing = setTimeout(() => charts.forEach(({ drawn, figure }) => drawn.setSize({ width: Math.max(200, figure.clientWidth), height: drawn.height })), 120);
  });

  startChips();
  drawCharts();
  root.dataset.ready = "yes";
})();
