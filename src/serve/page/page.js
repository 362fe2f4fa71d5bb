'use strict';
(() => {
  const byId = (id) => document.getElementById(id);
  const STEP = 2000; /* milliseconds between two looks at /metrics */
  const POINTS = 60; /* of a chart */
  const SHOWN = 12; /* columns with what they add */
  const MOVED = 0.2; /* PSI from which on a column is marked */
  const TOLD = 100; /* rows without which PSI says nothing */
  const OWN = /(^\/|\/page|\/docs|\/openapi\.json|\/metrics)$/; /* routes that pages like this one ask for */
  let token = '';

  const make = (name, text, className) => {
    const node = document.createElement(name);
    if (text !== undefined) node.textContent = text;
    if (className) node.className = className;
    return node;
  };

  const draw = (name, attributes) => {
    const node = document.createElementNS('http://www.w3.org/2000/svg', name);
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
    return node;
  };

  const ask = (path, options = {}) => {
    const headers = { ...options.headers };
    if (token) headers.Authorization = 'Bearer ' + token;
    return fetch(path, { ...options, headers, cache: 'no-store' });
  };

  const say = (text) => { byId('status').textContent = text; };

  const number = (value, digits = 4) => {
    if (value === null) return 'not a number';
    const size = Math.abs(value);
    if (size !== 0 && (size >= 1e9 || size < 1e-4)) return value.toExponential(digits - 1);
    return value.toLocaleString('en', { maximumSignificantDigits: Math.max(digits, Math.ceil(Math.log10(size + 1))) });
  };

  /* ---- the row -------------------------------------------------------------------------------------------------- */

  const cell = (field) => {
    if (field.tagName === 'SELECT' && field.selectedOptions[0].dataset.missing !== undefined) return null;
    if (field.value === '') return null;
    return field.dataset.type === 'number' ? Number(field.value) : field.value;
  };

  const rowOf = (form) => {
    const row = {};
    for (const field of form.querySelectorAll('[data-column]')) row[field.dataset.column] = cell(field);
    for (const name of form.rest) row[name] = null;
    return row;
  };

  /* The slider and the number beside it are one value; only the number can be empty or outside of what training saw. */
  const pair = (field) => {
    const slider = byId(field.id + 's');
    if (!slider) return;
    const span = Number(slider.max) - Number(slider.min);
    const decimals = slider.step === 'any' ? Math.min(20, Math.max(0, 2 - Math.floor(Math.log10(span)))) : 0;
    slider.addEventListener('input', () => { field.value = Number(Number(slider.value).toFixed(decimals)); });
    field.addEventListener('input', () => { if (field.value !== '') slider.value = field.value; });
  };

  const quote = (text) => "'" + text.replaceAll("'", "'\\''") + "'";

  const showCommand = (path, body) => {
    byId('curl').textContent = 'curl -H ' + quote('Content-Type: application/json') +
      (token ? ' -H ' + quote('Authorization: Bearer TOKEN') : '') +
      ' -d ' + quote(body) + ' ' + quote(location.origin + path);
  };

  /* ---- the prediction ------------------------------------------------------------------------------------------- */

  /* One bar: to the right of its start, or with `both` to either side of the middle. */
  const bar = (name, text, share, both) => {
    const item = make('li');
    const svg = draw('svg', { viewBox: '0 0 200 10', preserveAspectRatio: 'none', 'aria-hidden': 'true' });
    const size = Math.min(1, Math.abs(share)) * (both ? 100 : 200);
    const x = both ? (share < 0 ? 100 - size : 100) : 0;
    svg.append(draw('rect', { x, y: 0, width: size, height: 10, class: share < 0 ? 'bad' : 'good' }));
    if (both) svg.append(draw('line', { x1: 100, x2: 100, y1: 0, y2: 10, class: 'middle' }));
    item.append(make('span', name, 'name'), make('span', text, 'number'), svg);
    return item;
  };

  const showClasses = (numbers, scores, to) => {
    const list = make('ul', undefined, 'bars');
    const largest = Math.max(...Object.values(numbers).map(Math.abs)) || 1;
    for (const [label, value] of Object.entries(numbers)) {
      list.append(scores ? bar(label, number(value), value / largest, true)
        : bar(label, (100 * value).toFixed(1) + ' %', value, false));
    }
    to.append(list);
  };

  const showContributions = (contributions, prediction) => {
    const box = byId('contributions');
    box.hidden = !contributions || contributions.length === 0;
    if (box.hidden) return;
    const one = contributions.find((entry) => entry.of === prediction) || contributions[0];
    const columns = Object.entries(one.columns).sort((a, b) => Math.abs(b[1]) - Math.abs(a[1]));
    const largest = columns.length > 0 ? Math.abs(columns[0][1]) || 1 : 1;
    byId('of').textContent = 'What adds to ' + (one.target ? one.target + ' = ' : '') + one.of;
    byId('columns').replaceChildren(...columns.slice(0, SHOWN)
      .map(([name, value]) => bar(name, (value > 0 ? '+' : '') + number(value), value / largest, true)));
    byId('sum').textContent = (columns.length > SHOWN ? 'and ' + (columns.length - SHOWN) + ' columns that add less; ' : '') +
      'with the bias ' + number(one.bias) + ' they make ' + number(one.margin);
  };

  const show = (document) => {
    const classes = byId('classes'), { prediction } = document;
    const numbers = document.probabilities || document.scores;
    const several = prediction !== null && typeof prediction === 'object';
    classes.replaceChildren();
    byId('answer').textContent = several
      ? Object.entries(prediction).map(([target, label]) => target + ': ' + label).join(', ')
      : typeof prediction === 'string' ? prediction : number(prediction, 6);
    for (const [target, each] of several ? Object.entries(numbers) : numbers ? [['', numbers]] : []) {
      if (several) classes.append(make('h3', target));
      showClasses(each, document.scores !== undefined, classes);
    }
    showContributions(document.contributions, prediction);
  };

  /* Answers may overtake each other; the last question counts. */
  let asked = 0;
  const predict = async (form) => {
    const mine = ++asked, body = JSON.stringify(rowOf(form));
    showCommand(form.dataset.base + '/predict', body);
    try {
      const response = await ask(form.dataset.base + form.dataset.ask, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body });
      const answer = await response.json();
      if (mine !== asked) return;
      say(response.ok ? '' : answer.error);
      if (response.ok) show(answer);
    } catch (error) {
      if (mine === asked) say('The server does not answer: ' + error.message);
    }
  };

  const startForm = async () => {
    const form = byId('row');
    let timer = 0;
    form.rest = [];
    for (const field of form.querySelectorAll('[data-column]')) pair(field);
    if (form.querySelectorAll('[data-column]').length < Number(form.dataset.fields)) {
      const card = await (await ask(form.dataset.base || '/model')).json();
      form.rest = card.inputs.slice(form.querySelectorAll('[data-column]').length).map((input) => input.name);
    }
    const soon = (wait) => { clearTimeout(timer); timer = setTimeout(() => predict(form), wait); };
    form.addEventListener('input', () => soon(120));
    form.addEventListener('reset', () => soon(0));
    form.addEventListener('submit', (event) => { event.preventDefault(); soon(0); });
    predict(form);
  };

  const startCopy = () => {
    const button = byId('copy');
    button.hidden = !navigator.clipboard;
    button.addEventListener('click', async () => {
      await navigator.clipboard.writeText(byId('curl').textContent);
      button.textContent = 'Copied';
      setTimeout(() => { button.textContent = 'Copy'; }, 1500);
    });
  };

  /* ---- traffic -------------------------------------------------------------------------------------------------- */

  /* Requests, errors and latencies so far, of all routes but those of pages. */
  const read = (text) => {
    const found = { time: performance.now(), requests: 0, errors: 0, below: new Map() };
    const sample = /^mlctl_http_request(s_total|_duration_seconds_bucket)\{([^}]*)\} (\S+)/;
    for (const line of text.split('\n')) {
      const match = sample.exec(line);
      if (!match) continue;
      const labels = Object.fromEntries([...match[2].matchAll(/(\w+)="([^"]*)"/g)].map(([, key, value]) => [key, value]));
      const value = Number(match[3]);
      if (OWN.test(labels.route)) continue;
      if (match[1] === 's_total') {
        found.requests += value;
        if (labels.code >= '400') found.errors += value;
      } else {
        const bound = labels.le === '+Inf' ? Infinity : Number(labels.le);
        found.below.set(bound, (found.below.get(bound) || 0) + value);
      }
    }
    return found;
  };

  /* Seconds below which a share of the requests between two looks was answered; NaN: there were none. */
  const quantile = (before, now, share) => {
    const counts = [...now.below].map(([bound, count]) => [bound, count - (before.below.get(bound) || 0)]).sort((a, b) => a[0] - b[0]);
    const all = counts.length > 0 ? counts[counts.length - 1][1] : 0;
    let low = 0, less = 0;
    if (all <= 0) return NaN;
    for (const [bound, count] of counts) {
      if (count >= share * all) return bound === Infinity ? low : low + (bound - low) * (share * all - less) / (count - less);
      low = bound;
      less = count;
    }
    return low;
  };

  /* A mark on the scale is in sight whatever the values are; then small ones get more of it: share = log(1 + v/mark) / log(1 + top/mark). */
  const share = (value, top, mark) => (mark ? Math.log1p(value / mark) / Math.log1p(top / mark) : value / top);

  const plot = (id, values, text, unit, mark) => {
    const figure = byId(id), known = values.filter((value) => !Number.isNaN(value));
    const top = Math.max(...known, mark ? 2.5 * mark : 0) || 1, first = POINTS - values.length;
    const level = (value) => 98 - 94 * share(value, top, mark);
    let line = '', area = '', open = false;
    values.forEach((value, i) => {
      if (Number.isNaN(value)) { open = false; return; }
      const x = first + i, y = level(value);
      line += (open ? 'L' : 'M') + x + ' ' + y.toFixed(2);
      if (!open && i + 1 === values.length) line += 'h.01';
      area += 'M' + x + ' 98V' + y.toFixed(2);
      if (open) area += 'L' + (x - 1) + ' ' + level(values[i - 1]).toFixed(2) + 'V98Z';
      open = true;
    });
    figure.querySelector('.line').setAttribute('d', line);
    figure.querySelector('.area').setAttribute('d', area);
    if (mark) figure.querySelector('.mark').setAttribute('d', 'M0 ' + level(mark).toFixed(2) + 'H' + (POINTS - 1));
    figure.querySelector('output').textContent = text;
    figure.querySelector('small').textContent = 'at most ' + number(known.length > 0 ? Math.max(...known) : 0, 3) + unit;
  };

  /* Of the recent rows of this model: how many, by column PSI and shares, the greatest PSI first, and PSI of the predictions by target. */
  const readDrift = (text, model, version) => {
    const columns = new Map(), predicted = [];
    let rows = 0;
    const sample = /^mlctl_drift_(rows|prediction_psi|psi|missing_ratio|out_of_range_ratio|unseen_ratio)\{(.*)\} (\S+)$/;
    for (const line of text.split('\n')) {
      const match = sample.exec(line);
      if (!match) continue;
      const labels = Object.fromEntries([...match[2].matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, key, value]) =>
        [key, value.replace(/\\(.)/g, (all, c) => (c === 'n' ? '\n' : c))]));
      if (labels.model !== model || labels.model_version !== version || labels.window !== 'recent') continue;
      if (match[1] === 'rows') { rows = Number(match[3]); continue; }
      if (match[1] === 'prediction_psi') { predicted.push({ name: 'prediction of ' + labels.target, psi: Number(match[3]) }); continue; }
      if (!columns.has(labels.column)) columns.set(labels.column, { name: labels.column, psi: NaN });
      columns.get(labels.column)[match[1]] = Number(match[3]);
    }
    return { rows, predicted, columns: [...columns.values()].sort((a, b) => (b.psi || 0) - (a.psi || 0)) };
  };

  const percent = (share, what) => (share > 0 ? ', ' + number(100 * share, 2) + ' % ' + what : '');

  const showDrift = (drift, worst) => {
    const top = Math.max(worst.at(-1), 2.5 * MOVED);
    const bars = (columns) => columns.filter((column) => !Number.isNaN(column.psi)).slice(0, SHOWN).map((column) => {
      const item = make('li'), svg = draw('svg', { viewBox: '0 0 200 10', preserveAspectRatio: 'none', 'aria-hidden': 'true' });
      svg.append(draw('rect', { x: 0, y: 0, width: 200 * share(column.psi, top, MOVED), height: 10, class: column.psi > MOVED ? 'bad' : 'good' }));
      for (const part of ['limit edge', 'limit']) {
        svg.append(draw('line', { x1: 200 * share(MOVED, top, MOVED), x2: 200 * share(MOVED, top, MOVED), y1: 0, y2: 10, class: part }));
      }
      item.append(make('span', column.name + percent(column.missing_ratio, 'missing') + percent(column.out_of_range_ratio, 'out of range') +
        percent(column.unseen_ratio, 'unseen'), 'name'), make('span', number(column.psi, 3), 'number'), svg);
      return item;
    });
    byId('moved').replaceChildren(...bars(drift.columns));
    byId('predicted').replaceChildren(...bars(drift.predicted));
    byId('psi').classList.toggle('errors', worst.at(-1) > MOVED);
    plot('psi', worst, number(worst.at(-1), 3), '', MOVED);
    byId('window').textContent = 'The last ' + number(drift.rows, 9) + ' rows against those of training; a line marks PSI ' + MOVED +
      ', from which on it is time to look; the scale is logarithmic.' + (drift.columns.length > SHOWN ? ' The ' + SHOWN + ' columns that have moved most.' : '');
  };

  /* Nothing where nobody counts, few rows have come, or the model has no histograms. */
  const lookAtDrift = (text, worst) => {
    const section = byId('drift'), drift = readDrift(text, section.dataset.model, section.dataset.version);
    section.hidden = drift.rows < TOLD || drift.columns.length === 0 || Number.isNaN(drift.columns[0].psi);
    if (section.hidden) return;
    worst.push(drift.columns[0].psi);
    if (worst.length > POINTS) worst.shift();
    showDrift(drift, worst);
  };

  const startTraffic = () => {
    const series = { rate: [], latency: [], errors: [] }, worst = [];
    let before = null, timer = 0;
    const { metrics } = byId('traffic').dataset;
    if (metrics === 'nobody' || (metrics === 'key' && !token)) return;
    const push = (name, value) => { series[name].push(value); if (series[name].length > POINTS) series[name].shift(); };
    const look = async () => {
      if (document.hidden) { before = null; return; }
      try {
        const response = await ask('/metrics');
        byId('traffic').hidden = !response.ok;
        if ([401, 403, 404].includes(response.status)) clearInterval(timer); /* they are for others, and will be */
        if (!response.ok) return;
        const text = await response.text(), now = read(text);
        lookAtDrift(text, worst);
        if (before) {
          const seconds = (now.time - before.time) / 1000, slow = 1000 * quantile(before, now, 0.99);
          push('rate', Math.max(0, now.requests - before.requests) / seconds);
          push('errors', Math.max(0, now.errors - before.errors) / seconds);
          push('latency', slow);
          plot('rate', series.rate, number(series.rate.at(-1), 3), ' a second');
          plot('errors', series.errors, number(series.errors.at(-1), 3), ' a second');
          plot('latency', series.latency, Number.isNaN(slow) ? 'no requests' : number(slow, 3) + ' ms', ' ms');
        }
        before = now;
      } catch (error) {
        before = null; /* the next look says whether it is back */
      }
    };
    look();
    timer = setInterval(look, STEP);
  };

  /* ---- keys ----------------------------------------------------------------------------------------------------- */

  const start = () => { startForm(); startCopy(); startTraffic(); };

  /* The server gives an empty page to who shows no key; this asks again with one and takes the model out of the answer. */
  const unlock = async () => {
    token = byId('token').value;
    try {
      const response = await ask(location.pathname === '/' ? '/page' : location.pathname);
      if (!response.ok) { say((await response.json()).error); return; }
      const page = new DOMParser().parseFromString(await response.text(), 'text/html');
      byId('model').replaceWith(document.importNode(page.getElementById('model'), true));
      document.title = byId('title').textContent = page.title;
      for (const id of ['docs', 'openapi']) byId(id).href = page.getElementById(id).getAttribute('href');
      byId('key').hidden = true;
      say('');
      start();
    } catch (error) {
      say('The server does not answer: ' + error.message);
    }
  };

  byId('key').addEventListener('submit', (event) => { event.preventDefault(); unlock(); });
  if (byId('row')) start();
  else byId('key').hidden = false;
})();
