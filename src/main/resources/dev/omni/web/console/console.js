// The console: one user, that user's own sandbox, and what runs in it.

import { bytesOf, connect } from '/client/omni.js';
import { Screen } from '/console/screen.js';

const USER = 'omni.user';
const TITLES = 'omni.titles';
const KEPT_TITLES = 100;
const LISTED = 100;
const STATES = {
  running: 'running',
  succeeded: 'succeeded',
  failed: 'failed',
  cancelled: 'cancelled',
  timed_out: 'timed out',
  lost: 'lost',
};

const $ = (id) => document.getElementById(id);

let session;

/** From signing in to signing out. What was asked for before its end and is answered after it changes nothing on the page. */
class Session {
  #end = new AbortController();
  #user;
  #token;
  #omni;
  #sandboxId;
  #entering;
  #unwatch;
  #jobs = new Map();
  #selected;

  constructor(user) {
    this.#user = user;
  }

  async open() {
    await this.#newToken();
    $('user').textContent = this.#user;
    show('workbench');
    this.#omni = connect({
      url: location.origin,
      token: ({ reason }) => (reason === 'connect' || reason === 'reconnect' ? this.#token : this.#newToken()),
      onStatus: (status) => this.#connectionIs(status),
      onSandbox: ({ sandboxId, status }) => sandboxId === this.#sandboxId && sandboxIs(status),
      onJob: ({ sandboxId, jobId }) =>
        sandboxId === this.#sandboxId && this.#add({ id: jobId, sandboxId, status: 'running' }),
      onError: (error) => this.#failed(error),
    });
    await this.#enter();
  }

  get isOver() {
    return this.#end.signal.aborted;
  }

  close() {
    this.#end.abort();
    this.#omni?.close();
    this.#selected?.deselected();
    $('jobs').replaceChildren();
    $('screens').replaceChildren();
    $('job').hidden = true;
    $('sandbox').hidden = true;
    $('run').disabled = false;
    explain(undefined);
  }

  /** Asks for the user's sandbox, and shows what it has run. Another than before has nothing of the one before. */
  #enter() {
    this.#entering ??= this.#tryToEnter().finally(() => (this.#entering = undefined));
    return this.#entering;
  }

  async #tryToEnter() {
    sandboxIs('creating');
    const sandbox = await this.#call('PUT', '/api/v1/sandboxes/default', { Prefer: 'wait=30' });
    if (this.#sandboxId !== sandbox.id) {
      this.#unwatch?.();
      this.#jobs.forEach((job) => job.isRunning && job.sandboxId !== sandbox.id && job.lose('Its sandbox is gone.'));
    }
    this.#sandboxId = sandbox.id;
    sandboxIs(sandbox.status);
    const { items } = await this.#call('GET', `/api/v1/sandboxes/${sandbox.id}/jobs`);
    items.reverse().forEach((job) => this.#add({ ...job, sandboxId: sandbox.id }));
    if (!this.#selected) {
      this.select(items.at(-1)?.id);
    }
    this.#unwatch = this.#omni.watch(sandbox.id);
  }

  /** What nobody waits for has gone wrong. */
  #failed(error) {
    if (this.isOver) {
      return;
    }
    if (error.code === 'sandbox_not_found') {
      this.#enter().catch((reason) => this.isOver || explain(reason));
    } else {
      explain(error);
    }
  }

  async run(kind, text, keepsInputOpen) {
    if (!this.#sandboxId) {
      throw new Error('The sandbox is not there yet.');
    }
    const request =
      kind === 'prompt' ? { prompt: { input: text } } : { command: text, stdin: keepsInputOpen ? 'open' : 'closed' };
    const job = await this.#start(request);
    rememberTitle(job.id, { text: text.slice(0, 500), takesInput: keepsInputOpen && kind === 'command' });
    if (this.isOver) {
      return;
    }
    this.#add(job);
    this.#jobs.get(job.id).retitle();
    this.select(job.id);
  }

  async #start(request) {
    try {
      return await this.#omni.start(this.#sandboxId, request);
    } catch (error) {
      if (error.code !== 'sandbox_not_found' || this.isOver) {
        throw error;
      }
      await this.#enter();
      return this.#omni.start(this.#sandboxId, request);
    }
  }

  async cancel() {
    await this.#omni.cancel(this.#selected.sandboxId, this.#selected.id);
  }

  async input(text) {
    await this.#omni.input(this.#selected.sandboxId, this.#selected.id, text);
  }

  select(jobId) {
    const job = this.#jobs.get(jobId);
    if (!job || job === this.#selected) {
      return;
    }
    const former = this.#selected;
    this.#selected = job;
    former?.deselected();
    job.selected();
    this.#follow(job);
  }

  retitle() {
    this.#jobs.forEach((job) => job.retitle());
  }

  #add({ id, sandboxId, status, exitCode, createdAt, finishedAt, kind }) {
    const known = this.#jobs.get(id);
    if (known) {
      known.learn({ kind, createdAt });
      return;
    }
    const job = new Job(id, sandboxId, { status, exitCode, createdAt, finishedAt, kind }, () => this.select(id));
    this.#jobs.set(id, job);
    $('no-jobs').hidden = true;
    $('jobs').prepend(job.entry);
    if (job.isRunning) {
      this.#follow(job);
    }
    if (job.isRunning && !this.#selected?.isRunning) {
      this.select(id);
    }
    const [oldest, entry] = this.#jobs.entries().next().value;
    if (this.#jobs.size > LISTED && entry !== this.#selected) {
      entry.following?.stop();
      entry.entry.remove();
      this.#jobs.delete(oldest);
    }
  }

  /** Follows a job that runs, or that is looked at. */
  #follow(job) {
    if (!job.following) {
      job.following = this.#omni.follow(job.sandboxId, job.id, {
        onLog: (event) => job.print(event),
        onResult: (event) => job.result(event),
        onError: (event) => job.error(event),
        onDone: (event) => {
          job.done(event);
          if (job !== this.#selected) {
            job.deselected();
          }
        },
        onFailure: (error) => {
          if (error.code === 'sandbox_not_found' || error.code === 'job_not_found') {
            job.lose(error.message);
          } else {
            job.error(error);
          }
          if (error.code === 'sandbox_not_found' && job.sandboxId === this.#sandboxId) {
            this.#failed(error);
          }
        },
      });
    }
  }

  #connectionIs({ state, retryInMillis, error }) {
    const text = {
      connecting: 'connecting…',
      open: 'connected',
      waiting: `connecting again in ${Math.ceil((retryInMillis ?? 0) / 1000)} s`,
      closed: 'not connected',
    };
    $('connection').dataset.state = state;
    $('connection').textContent = text[state];
    if (state === 'closed' && error) {
      explain(error);
    }
  }

  async #newToken() {
    this.#token = await tokenFor(this.#user, this.#end.signal);
    return this.#token;
  }

  async #call(method, path, headers) {
    const answer = await fetch(path, {
      method,
      headers: { ...headers, Authorization: `Bearer ${this.#token}` },
      signal: this.#end.signal,
    });
    const body = await answer.json();
    if (!answer.ok) {
      throw new Error(body.detail ?? body.title);
    }
    return body;
  }
}

/** One job: its entry in the list, and its screen while it is needed. */
class Job {
  id;
  sandboxId;
  entry = document.createElement('li');
  following;

  #facts;
  #button = document.createElement('button');
  #title = document.createElement('span');
  #state = document.createElement('span');
  #screen;
  #isSelected = false;

  constructor(id, sandboxId, facts, onSelect) {
    this.id = id;
    this.sandboxId = sandboxId;
    this.#facts = { createdAt: new Date().toISOString(), ...dropMissing(facts) };
    this.#button.type = 'button';
    this.#button.append(this.#title, this.#state);
    this.#button.addEventListener('click', onSelect);
    this.#title.className = 'title';
    this.#state.className = 'state';
    this.entry.append(this.#button);
    this.retitle();
  }

  get isRunning() {
    return this.#facts.status === 'running';
  }

  learn(facts) {
    Object.assign(this.#facts, dropMissing(facts));
    this.retitle();
  }

  retitle() {
    const { text } = titleOf(this.id);
    this.#title.textContent = text ?? `${this.#facts.kind ?? 'job'} ${this.id.slice(-6)}`;
    this.#show();
  }

  selected() {
    this.#isSelected = true;
    this.#button.setAttribute('aria-current', 'true');
    $('job').hidden = false;
    this.#screen ??= new Screen('Output');
    $('screens').replaceChildren(this.#screen.element);
    this.#screen.element.scrollTop = this.#screen.element.scrollHeight;
    this.#show();
  }

  /** A job that has ended can be read again from its start; until then there is no need to hold what it printed. */
  deselected() {
    this.#isSelected = false;
    this.#button.removeAttribute('aria-current');
    if (!this.isRunning) {
      this.following?.stop();
      this.following = undefined;
      this.#screen = undefined;
    }
  }

  print(event) {
    // What is no UTF-8 shows as such.
    const text = event.encoding ? new TextDecoder().decode(bytesOf(event)) : event.data;
    this.#write(text, event.stream === 'stderr');
  }

  result({ data, turns, costUsd }) {
    const about = [turns && `${turns} turns`, costUsd && `$${costUsd.toFixed(4)}`].filter(Boolean).join(', ');
    this.#write(`\n\x1b[1mResult\x1b[22m\x1b[2m ${about}\x1b[22m\n${data}\n`);
  }

  error({ message }) {
    this.#write(`\x1b[31m${message}\x1b[39m\n`);
  }

  done({ status, exitCode, ts }) {
    const wasRunning = this.isRunning;
    this.#facts = { ...this.#facts, status, exitCode, finishedAt: this.#facts.finishedAt ?? new Date(ts).toISOString() };
    this.#show();
    if (wasRunning) {
      $('news').textContent = `${this.#title.textContent}: ${this.#outcome()}`;
    }
  }

  /** Nobody can tell any more how it goes on. One that had ended before stays as it was. */
  lose(message) {
    this.following?.stop();
    this.error({ message });
    if (this.isRunning) {
      this.done({ status: 'lost', ts: Date.now() });
    }
    if (!this.#isSelected) {
      this.deselected();
    }
  }

  #write(text, isError) {
    this.#screen ??= new Screen('Output');
    this.#screen.write(text, isError);
  }

  #outcome() {
    const { status, exitCode } = this.#facts;
    return STATES[status] + (status === 'failed' && exitCode > 0 ? ` with ${exitCode}` : '');
  }

  #show() {
    const { status, createdAt, finishedAt } = this.#facts;
    const start = new Date(createdAt);
    const time = start.toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' });
    this.#button.dataset.status = status;
    this.#state.textContent = `${this.#outcome()} · ${time}`;
    if (this.#isSelected) {
      $('job-title').textContent = this.#title.textContent;
      $('job').dataset.status = status;
      $('job-meta').textContent = `${this.#outcome()} · ${time}${finishedAt ? ` · ${lasted(start, new Date(finishedAt))}` : ''}`;
      $('cancel').hidden = !this.isRunning;
      $('stdin').hidden = !this.isRunning || !titleOf(this.id).takesInput;
    }
  }
}

function dropMissing(facts) {
  return Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined));
}

function lasted(start, end) {
  const seconds = Math.max(0, (end - start) / 1000);
  return seconds < 60 ? `${seconds.toFixed(1)} s` : `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
}

/** The service does not keep what a job was asked to do; this browser does, for all its tabs. */
function titles() {
  try {
    return JSON.parse(localStorage.getItem(TITLES)) ?? {};
  } catch {
    return {};
  }
}

function titleOf(jobId) {
  return titles()[jobId] ?? {};
}

function rememberTitle(jobId, title) {
  const all = Object.entries({ ...titles(), [jobId]: title }).slice(-KEPT_TITLES);
  localStorage.setItem(TITLES, JSON.stringify(Object.fromEntries(all)));
}

async function tokenFor(user, signal) {
  const answer = await fetch('/dev/token', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ sub: user }),
    signal,
  });
  const body = await answer.json();
  if (!answer.ok) {
    throw new Error(body.detail ?? body.title);
  }
  return body.token;
}

function sandboxIs(status) {
  $('sandbox').hidden = false;
  $('sandbox').dataset.state = status;
  $('sandbox').textContent = `sandbox ${status}`;
}

function explain(error) {
  $('problem').hidden = !error;
  $('problem').textContent = error ? error.message : '';
}

function show(name) {
  const isIn = name === 'workbench';
  $('welcome').hidden = isIn;
  $('workbench').hidden = !isIn;
  $('sign-out').hidden = !isIn;
  $('no-jobs').hidden = false;
  $(isIn ? 'text' : 'name').focus();
}

async function signIn(user) {
  session?.close();
  const opened = new Session(user);
  session = opened;
  try {
    await opened.open();
    sessionStorage.setItem(USER, user);
  } catch (error) {
    if (opened.isOver) {
      return;
    }
    if ($('workbench').hidden) {
      $('sign-in-error').hidden = false;
      $('sign-in-error').textContent = error.message;
    } else {
      explain(error);
    }
  }
}

function onSubmit(id, action) {
  $(id).addEventListener('submit', async (event) => {
    event.preventDefault();
    explain(undefined);
    const asked = session;
    try {
      await action(asked);
    } catch (error) {
      if (!asked?.isOver) {
        explain(error);
      }
    }
  });
}

onSubmit('sign-in', () => {
  $('sign-in-error').hidden = true;
  return signIn($('name').value.trim());
});

onSubmit('sign-out', () => {
  session.close();
  session = undefined;
  sessionStorage.removeItem(USER);
  last = '';
  $('text').value = '';
  $('input').value = '';
  show('welcome');
});

let last = '';
onSubmit('composer', async (asked) => {
  const text = $('text').value;
  if (!text.trim()) {
    return;
  }
  $('run').disabled = true;
  try {
    await asked.run($('composer').elements.kind.value, text, $('open').checked);
    if (!asked.isOver) {
      last = text;
      $('text').value = '';
    }
  } finally {
    if (!asked.isOver) {
      $('run').disabled = false;
    }
  }
});

onSubmit('stdin', async (asked) => {
  const text = $('input').value;
  $('input').value = '';
  await asked.input(`${text}\n`);
});

$('cancel').addEventListener('click', () => {
  const asked = session;
  asked.cancel().catch((error) => asked.isOver || explain(error));
});

$('text').addEventListener('keydown', (event) => {
  if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    if (!$('run').disabled) {
      $('composer').requestSubmit();
    }
  } else if (event.key === 'ArrowUp' && $('text').value === '') {
    event.preventDefault();
    $('text').value = last;
  }
});

$('composer').addEventListener('change', () => {
  const isPrompt = $('composer').elements.kind.value === 'prompt';
  $('keep-open').hidden = isPrompt;
  $('text').classList.toggle('prose', isPrompt);
});

window.addEventListener('storage', ({ key }) => key === TITLES && session?.retitle());

const user = sessionStorage.getItem(USER);
if (user) {
  signIn(user);
} else {
  $('name').select();
}
