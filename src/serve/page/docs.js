'use strict';
(() => {
  const byId = (id) => document.getElementById(id);

  const make = (name, text, className) => {
    const node = document.createElement(name);
    if (text !== undefined) node.textContent = text;
    if (className) node.className = className;
    return node;
  };

  /* A schema with its references in place of names, as deep as a reader follows. */
  const resolve = (doc, schema, depth) => {
    if (Array.isArray(schema)) return schema.map((item) => resolve(doc, item, depth));
    if (schema === null || typeof schema !== 'object') return schema;
    if (typeof schema.$ref === 'string') {
      const name = schema.$ref.split('/').pop();
      return depth > 0 ? resolve(doc, doc.components.schemas[name], depth - 1) : name;
    }
    return Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, resolve(doc, value, depth)]));
  };

  const showContent = (doc, content, to) => {
    for (const [type, { schema }] of Object.entries(content || {})) {
      const name = schema && schema.$ref ? ' ' + schema.$ref.split('/').pop() : '';
      to.append(make('h3', type + name));
      if (schema) to.append(make('pre', JSON.stringify(resolve(doc, schema, 3), null, 1)));
    }
  };

  const showResponses = (doc, responses, to) => {
    const table = make('table'), head = make('tr'), body = make('tbody');
    for (const title of ['Status', 'When']) {
      const cell = make('th', title);
      cell.scope = 'col';
      head.append(cell);
    }
    for (const [status, given] of Object.entries(responses)) {
      const response = given.$ref ? doc.components.responses[given.$ref.split('/').pop()] : given;
      const row = make('tr');
      row.append(make('td', status), make('td', response.description));
      body.append(row);
    }
    table.append(make('thead'), body);
    table.tHead.append(head);
    const scroll = make('div', undefined, 'scroll');
    scroll.append(table);
    to.append(make('h3', 'Answers'), scroll);
  };

  /* Written out when it is opened: the schemas of many columns are long. */
  const fill = (doc, operation, to) => {
    if (operation.description) to.append(make('p', operation.description));
    if (operation.security) to.append(make('p', 'Wants a key.', 'dim'));
    for (const parameter of operation.parameters || []) {
      to.append(make('p', parameter.name + ' (' + parameter.in + '): ' + parameter.description));
    }
    if (operation.requestBody) {
      to.append(make('h3', 'Body'));
      showContent(doc, operation.requestBody.content, to);
    }
    showResponses(doc, operation.responses, to);
    if (operation.responses[200]) showContent(doc, operation.responses[200].content, to);
  };

  const showOperation = (doc, method, path, operation) => {
    const details = make('details'), summary = make('summary');
    summary.append(make('span', method.toUpperCase(), 'verb'), make('code', path), make('span', operation.summary, 'dim'));
    details.append(summary);
    details.addEventListener('toggle', () => {
      if (details.open && details.childElementCount === 1) fill(doc, operation, details);
    });
    return details;
  };

  const show = (doc) => {
    document.title = doc.info.title + ': API';
    byId('title').textContent = doc.info.title + ' ' + doc.info.version + ': API';
    byId('about').textContent = doc.info.description;
    const groups = byId('groups');
    groups.replaceChildren();
    const names = doc.tags.map((tag) => tag.name).concat([undefined]);
    for (const name of names) {
      const section = make('section', undefined, 'wide');
      section.append(make('h2', name || 'Other'));
      for (const [path, item] of Object.entries(doc.paths)) {
        for (const [method, operation] of Object.entries(item)) {
          if ((operation.tags || [undefined])[0] === name) section.append(showOperation(doc, method, path, operation));
        }
      }
      if (section.childElementCount > 1) groups.append(section);
    }
  };

  const load = async (token) => {
    const status = byId('status');
    status.textContent = 'Loading …';
    try {
      const response = await fetch('openapi.json', token ? { headers: { Authorization: 'Bearer ' + token } } : {});
      const doc = await response.json();
      byId('key').hidden = response.status !== 401 && response.status !== 403;
      status.textContent = response.ok || (response.status === 401 && !token) ? '' : doc.error;
      if (response.ok) show(doc);
    } catch (error) {
      status.textContent = 'The server does not answer: ' + error.message;
    }
  };

  byId('key').addEventListener('submit', (event) => {
    event.preventDefault();
    load(byId('token').value);
  });
  load();
})();
