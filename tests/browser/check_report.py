"""Opens the pages of runs in a real browser, wide and narrow, light and dark, and works them.

    python3 tests/browser/check_report.py PROGRAM

PROGRAM is the `spikeloom` binary. Exit code 77 says that no browser can be had here.
"""

import json
import math
import pathlib
import subprocess
import sys
import tempfile

from webdriver import Browser, missing

SKIPPED = 77
RIGHT, LEFT, ESCAPE = "\ue014", "\ue012", "\ue00c"
SIZES = [(1280, 900), (390, 844)]


def make_runs(program, folder):
    """Pages of two runs, of both side by side, and of one with steps and spikes and hostile names."""
    common = ["--chip", "mesh8", "--set", "workload.traffic.warmup_cycles=200"]
    runs = {
        "plain": ["run", "uniform", *common, "--set", "workload.traffic.measure_cycles=1000"],
        "broken": [
            *["run", "uniform", *common, "--set", "workload.traffic.measure_cycles=1000"],
            *["--faults", "two-blocks", "--routing", "mftn"],
        ],
        "curve": [
            *["run", "uniform", *common, "--set", "workload.traffic.measure_cycles=400"],
            *["--set", "chip.topology.mesh.size=[4,4]", "--set", "workload.traffic.mode=saturation"],
            *["--set", "workload.traffic.rate=null"],
        ],
    }
    (folder / "breaks.yaml").write_text(
        "events:\n  - {at_cycle: 500, nodes: [[3, 3]]}\n  - {at_cycle: 900, links: [[[5, 2], [6, 2]]]}\n"
    )
    runs["breaks"] = [*runs["plain"], "--faults", str(folder / "breaks.yaml"), "--routing", "mftn"]
    for name, arguments in runs.items():
        subprocess.run([program, *arguments, "--out", str(folder / name)], check=True, capture_output=True)
    both = [str(folder / "plain"), str(folder / "broken"), "--html", str(folder / "both.html")]
    subprocess.run([program, "report", *both], check=True, capture_output=True)
    hostile = folder / "hostile"
    hostile.mkdir()
    (hostile / "figures.json").write_text((folder / "plain" / "figures.json").read_text())
    report = json.loads((folder / "plain" / "report.json").read_text())
    report["inputs"]["chip"]["name"] = "</script><script>window.harmed = 1</script>"
    report["inputs"]["workload"]["name"] = "<img src=x onerror='window.harmed = 2'>"
    (hostile / "report.json").write_text(json.dumps(report))
    steps = (f"{step},{1e-6 * (1 + step % 7)},core {step % 5}" for step in range(50))
    (hostile / "steps.csv").write_text("timestep,seconds,critical\n" + "\n".join(steps) + "\n")
    spikes = (f"{time},{name},{neuron}" for time in range(50) for name in ("<b>", "exc") for neuron in range(time % 9))
    (hostile / "spikes.csv").write_text("time,population,neuron\n" + "\n".join(spikes) + "\n")
    subprocess.run([program, "report", str(hostile)], check=True, capture_output=True)
    return [folder / name / "report.html" for name in (*runs, "hostile")] + [folder / "both.html"]


def make_spiking(program, folder):
    """Pages of a spiking network and of an algorithm."""
    runs = {"network": ["balanced", "--set", "workload.steps=60"], "algorithm": ["sssp"]}
    for name, arguments in runs.items():
        command = [program, "run", *arguments, "--out", str(folder / name)]
        subprocess.run(command, check=True, capture_output=True)
    return [folder / name / "report.html" for name in runs]


def silent(browser, page):
    """The console has nothing to say, and the script has come to its end."""
    said = browser.console()
    assert not said, f"{page}: the console says {said}"
    assert browser.run("return document.documentElement.dataset.ready") == "yes", f"{page}: the script did not end"


def fits(browser, page, width):
    """The page is no wider than the window, and its charts are drawn and no wider than their place."""
    wide = browser.run("return document.documentElement.scrollWidth")
    assert wide <= width, f"{page}: {wide} pixels wide in a window of {width}"
    charts = browser.run(
        "return [...document.querySelectorAll('.chart')].map((chart) => [chart.dataset.chart, chart.hidden,"
        " chart.querySelector('canvas')?.clientWidth ?? 0, chart.clientWidth])"
    )
    for name, hidden, drawn, room in charts:
        assert hidden or 0 < drawn <= room + 1, f"{page}: chart {name} is {drawn} wide in {room}"


def inked(browser, chart):
    """Share of a chart's pixels that are not blank."""
    return browser.run(
        "const canvas = document.querySelector(`[data-chart=\"${arguments[0]}\"] canvas`);"
        "const data = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;"
        "let inked = 0; for (let at = 3; at < data.length; at += 4) inked += data[at] > 0;"
        "return inked / (data.length / 4)",
        chart,
    )


def look_everywhere(browser, pages):
    for page in pages:
        for width, height in SIZES:
            for theme in "light", "dark":
                browser.size(width, height)
                browser.theme(theme)
                browser.open(page)
                silent(browser, page)
                fits(browser, page, width)
                assert browser.run("return window.harmed ?? 0") == 0, f"{page}: a name from a file was run"
                lightness = browser.run(
                    "return getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number)"
                )
                assert (sum(lightness) > 380) == (theme == "light"), f"{page}: {theme} is {lightness}"
        print(f"{page.parent.name}/{page.name}: seen in {len(SIZES) * 2} ways")


def work_the_slider(browser, page):
    """Each position of the slider shows a stretch of the run, and colours what moved within it."""
    browser.open(page)
    state = (
        "const classes = [...document.querySelectorAll('.links path, .tiles path')].map((it) => it.getAttribute('class'));"
        "return [document.querySelector('[data-when-text]').textContent, classes.join()]"
    )
    whole, before = browser.run(state)
    assert whole == "whole run", whole
    browser.run("document.querySelector('[data-when]').focus()")
    browser.press(RIGHT)
    first, during = browser.run(state)
    assert first.startswith("cycles 0 to "), first
    assert during != before, "the first stretch looks like the whole run"
    browser.press(RIGHT, RIGHT)
    third, later = browser.run(state)
    assert third != first and later != during, third
    browser.press(LEFT, LEFT, LEFT)
    assert browser.run(state) == [whole, before], "back at the whole run"
    silent(browser, page)


def flits_add_up(browser, page, what="flits"):
    """What the slider's stretches show of the busiest tile adds up to the flits of the whole run."""
    browser.open(page)
    through = browser.run(
        "const slider = document.querySelector('[data-when]'), what = arguments[0];"
        "const flits = () => { const list = [...document.querySelectorAll('[data-details] dt')];"
        " return Number(list.find((dt) => dt.textContent === what + ' through').nextSibling.textContent.replaceAll(',', '')); };"
        "const level = (tile) => Number(tile.getAttribute('class').match(/^t(\\d+)/)[1]);"
        "const tiles = [...document.querySelectorAll('.chip .tiles path')].sort((a, b) => level(b) - level(a));"
        "tiles[0].dispatchEvent(new MouseEvent('click', { bubbles: true }));"
        "const whole = flits(); let sum = 0;"
        "for (let at = 1; at <= +slider.max; at++) { slider.value = at; slider.dispatchEvent(new Event('input')); sum += flits(); }"
        "return [whole, sum]",
        what,
    )
    assert through[0] == through[1] > 0, through


def breaks_show_when_they_strike(browser, page):
    """What breaks during the run is crossed out from then on, and for the whole run."""
    browser.open(page)
    shown = browser.run(
        "const slider = document.querySelector('[data-when]'), marks = [...document.querySelectorAll('.chip .mb')];"
        "const shown = () => marks.filter((mark) => mark.style.display !== 'none').map((mark) => +mark.dataset.at);"
        "const all = [shown()];"
        "for (const at of [1, +slider.max, 0]) {"
        " slider.value = at; slider.dispatchEvent(new Event('input')); all.push(shown()); }"
        "return all"
    )
    # A link is two, one each way.
    every = [500, 900, 900]
    assert shown == [every, [], every, every], shown


def steps_are_shown(browser, page):
    """The slider of a spiking run goes through its steps, and tiles can be coloured by what cores did."""
    browser.open(page)
    browser.run("document.querySelector('[data-when]').focus()")
    browser.press(RIGHT)
    text = browser.run("return document.querySelector('[data-when-text]').textContent")
    assert text.startswith("step"), text
    browser.press(LEFT)
    ways = browser.run("return [...document.querySelector('[data-tiles]').options].map((option) => option.value)")
    assert ways == ["flits", "delivered", "energy", "spikes", "neurons"], ways
    for way in ways:
        coloured = browser.run(
            "const select = document.querySelector('[data-tiles]'); select.value = arguments[0];"
            "select.dispatchEvent(new Event('change'));"
            "return document.querySelectorAll('.chip .tiles path:not([class^=\"t0\"])').length",
            way,
        )
        assert coloured > 0, f"no tile has a colour by {way}"
    silent(browser, page)


def hover_and_keys(browser, page):
    """The pointer and the arrow keys show the figures of a tile or link."""
    browser.size(1280, 900)
    browser.open(page)
    browser.run("document.querySelector('svg.chip').scrollIntoView({block: 'center'})")
    middle = (
        "const box = document.querySelectorAll(`.chip ${arguments[0]} path`)[arguments[1]].getBoundingClientRect();"
        "return [box.x + box.width / 2, box.y + box.height / 2, innerHeight]"
    )
    shown = (
        "const tip = document.getElementById('tip');"
        "return [tip.hidden, tip.textContent, document.querySelector('[data-details]').textContent]"
    )
    x, y, _ = browser.run(middle, ".tiles", 36)
    browser.point_at(x, y)
    hidden, tip, details = browser.run(shown)
    assert not hidden and tip.startswith("[4, 4]: ") and "flits/cycle" in tip, tip
    assert "flits through" in details and "from [3, 4]" in details, details
    browser.run("document.querySelector('svg.chip').focus()")
    browser.press(RIGHT)
    browser.press(RIGHT)
    _, tip, details = browser.run(shown)
    assert details.startswith("["), details
    browser.press("l")
    _, tip, details = browser.run(shown)
    assert " → " in tip and "%" in tip and "utilisation" in details, (tip, details)
    browser.press(ESCAPE)
    assert browser.run(shown)[0], "the tip goes away"
    silent(browser, page)


def charts_show_something(browser, pages):
    """Charts have lines, and their legends follow the pointer."""
    plain, _, curve, _, hostile, both = pages
    expected = {
        plain: ["histogram", "percentiles", "delivered", "utilisation"],
        curve: ["load-latency", "load-accepted"],
        hostile: ["steps", "raster", "spiking"],
        both: ["histogram", "percentiles"],
    }
    for page, charts in expected.items():
        browser.size(1280, 900)
        browser.open(page)
        for chart in charts:
            share = inked(browser, chart)
            assert 0.005 < share < 0.9, f"{page}: {share:.4f} of {chart} is drawn on"
            browser.run("document.querySelector(`[data-chart=\"${arguments[0]}\"]`).scrollIntoView({block: 'center'})", chart)
            box = browser.run(
                "const box = document.querySelector(`[data-chart=\"${arguments[0]}\"] .u-over`).getBoundingClientRect();"
                "return [box.x, box.y, box.width, box.height]",
                chart,
            )
            browser.point_at(box[0] + box[2] * 0.4, box[1] + box[3] * 0.5)
            legend = browser.run("return document.querySelector(`[data-chart=\"${arguments[0]}\"] .u-legend`).textContent", chart)
            assert any(letter.isdigit() for letter in legend), f"{page}: the legend of {chart} says {legend}"
        silent(browser, page)
    legend = browser.run("return document.querySelector('[data-chart=histogram] .u-legend').textContent")
    assert "A" in legend and "B" in legend, f"two runs in one chart: {legend}"


def paper_is_light(browser, page):
    """Printed, a page is dark on white, whatever the screen prefers."""
    browser.theme("dark")
    browser.open(page)
    media = [{"name": "prefers-color-scheme", "value": "dark"}]
    browser.devtools("Emulation.setEmulatedMedia", media="print", features=media)
    paper = browser.run("return getComputedStyle(document.body).backgroundColor")
    assert paper == "rgb(255, 255, 255)", paper
    printed = browser.devtools("Page.printToPDF", printBackground=True)["data"]
    pages = math.ceil(len(printed) / 4 * 3)
    assert pages > 20_000, "there is something on paper"
    browser.devtools("Emulation.setEmulatedMedia", media="", features=[])
    silent(browser, page)


def main():
    why = missing()
    if why:
        print(f"skipped: {why}")
        return SKIPPED
    program = pathlib.Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory(prefix="spikeloom-pages-") as folder, Browser() as browser:
        pages = make_runs(str(program), pathlib.Path(folder))
        look_everywhere(browser, pages)
        browser.theme("light")
        work_the_slider(browser, pages[0])
        flits_add_up(browser, pages[1])
        breaks_show_when_they_strike(browser, next(page for page in pages if page.parent.name == "breaks"))
        hover_and_keys(browser, pages[0])
        charts_show_something(browser, pages)
        paper_is_light(browser, pages[0])
        spiking = make_spiking(str(program), pathlib.Path(folder))
        look_everywhere(browser, spiking)
        browser.theme("light")
        browser.size(1280, 900)
        for page in spiking:
            steps_are_shown(browser, page)
            flits_add_up(browser, page, "packets")
        browser.open(spiking[1])
        assert inked(browser, "raster") > 0.001, "the page of an algorithm shows its spikes"
    print("the pages work")
    return 0


if __name__ == "__main__":
    sys.exit(main())
