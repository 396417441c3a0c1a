// The client of Omni's live stream, for browsers and for JavaScript elsewhere: it connects, stays connected, and hands out
// every job's events once and in order. How to use it: docs/client.md. What is on the wire: docs/websocket.md.

const SECOND = 1000;

/** Between tries to connect: at random up to a bound that doubles from the first to the longest. */
const FIRST_PAUSE = SECOND / 2;
const LONGEST_PAUSE = 30 * SECOND;
/** Asked for by a server that is over a limit. */
const OVER_LIMIT_PAUSE = 5 * SECOND;
/** A connection that lived this long, or brought anything of a job, ends a row of failures. */
const STABLE = 20 * SECOND;

/** The server is heard from every 25 s. After more silence it is pinged, and has to answer. */
const SILENCE = 35 * SECOND;
const ANSWER = 10 * SECOND;
const HANDSHAKE = 15 * SECOND;
const CALL = 30 * SECOND;

/** Before a token ends it is renewed; in the last second that is no use. */
const RENEWAL = 60 * SECOND;
const RENEWAL_PAUSE = 5 * SECOND;
const TOO_LATE = SECOND;
const LONGEST_TIMER = 24 * 60 * 60 * SECOND;

/** What one job may have waiting for its consumer, in characters, before the client stops listening to it. */
const BUFFER = 256 * 1024;
/** Counted for each event beside its data. */
const EVENT = 256;

/** The server allows 128 messages at once and 20 per second; this stays below. */
const BURST = 100;
const PER_SECOND = 10;

/** Jobs remembered as announced, so that none is announced twice. */
const KNOWN_JOBS = 1000;

/** Refusals that pass. */
const PASSING = new Set([
  'too_many_subscriptions',
  'rate_limited',
  'internal_error',
  'daytona_not_configured',
  'upstream_error',
  'upstream_timeout',
  'upstream_unavailable',
  'upstream_rate_limited',
]);

/** What went wrong; `code` is stable: one of the service's, or `connection_refused`, `invalid_client` or `closed`. */
export class OmniError extends Error {
  constructor(code, message, options) {
    super(message, options);
    this.name = 'OmniError';
    this.code = code;
  }
}

/** The bytes of a `log` event, whichever way they came. */
export function bytesOf(event) {
  return event.encoding === 'base64'
    ? Uint8Array.from(atob(event.data), (character) => character.charCodeAt(0))
    : new TextEncoder().encode(event.data);
}

/** Connects, and stays connected until `close()`. */
export function connect(options) {
  return new Omni(options);
}

class Omni {
  #options;
  #base;
  #WebSocket;
  #token;
  #link;
  #status = { state: 'connecting', attempt: 0 };
  #readers = new Map();
  #known = new Set();
  #announcing;
  #watched = new Map();
  #inputs = new Map();
  #pumpTimer;
  #wake = () => {};
  #isClosed = false;
  #stopListening;

  constructor(options) {
    this.#options = options;
    const url = new URL(options.url, globalThis.location?.href);
    if (!/^https?:$/.test(url.protocol)) {
      throw new TypeError('url: must be the http or https address of the service');
    }
    this.#base = url.origin + url.pathname.replace(/\/+$/, '');
    this.#WebSocket = options.WebSocket ?? globalThis.WebSocket;
    if (!this.#WebSocket) {
      throw new TypeError('there is no WebSocket here: give one as an option');
    }
    this.#stopListening = onHint(() => this.#hint());
    // Not before the caller has what this is about to be: it may be used in the callbacks.
    queueMicrotask(() => this.#stayConnected());
  }

  get status() {
    return this.#status;
  }

  /** Starts a job; resolves with it. A repeated try does not start it twice. */
  async start(sandboxId, request) {
    const headers = { 'Idempotency-Key': randomKey() };
    return this.#call('POST', jobsOf(sandboxId), { body: request, headers, tries: 4 });
  }

  /** Follows a job from a cursor, or from its start. */
  follow(sandboxId, jobId, options = {}) {
    if (this.#isClosed) {
      throw closedError();
    }
    this.#readers.get(jobId)?.stop();
    const reader = new Reader(sandboxId, jobId, options.cursor, this.#options.buffer ?? BUFFER, {
      wants: () => this.#pump(),
      leaves: () => this.#unsubscribe(sandboxId, jobId),
      ends: () => this.#forget(reader),
    });
    this.#remember(jobId);
    this.#readers.set(jobId, reader);
    if (this.#announcing === jobId && options.cursor === undefined) {
      // It is followed from its start already, and the event that told so is about to be handed over.
      reader.adopt();
    } else {
      this.#pump();
    }
    return new Following(reader, options);
  }

  /** Announces what runs in a sandbox, now and after every reconnect, beside what is started while connected. */
  watch(sandboxId) {
    if (!this.#watched.has(sandboxId)) {
      this.#watched.set(sandboxId, { isListed: false });
      this.#catchUp(sandboxId, this.#link);
    }
    return () => void this.#watched.delete(sandboxId);
  }

  async cancel(sandboxId, jobId) {
    await this.#call('POST', `${jobsOf(sandboxId)}/${encodeURIComponent(jobId)}/cancel`);
  }

  /** Writes to a job's stdin. Inputs of a job arrive in the order of the calls. */
  async input(sandboxId, jobId, data) {
    const path = `${jobsOf(sandboxId)}/${encodeURIComponent(jobId)}/input`;
    const before = this.#inputs.get(jobId) ?? Promise.resolve();
    const written = before.catch(() => {}).then(() => this.#call('POST', path, { body: { data } }));
    this.#inputs.set(jobId, written);
    try {
      await written;
    } finally {
      if (this.#inputs.get(jobId) === written) {
        this.#inputs.delete(jobId);
      }
    }
  }

  close() {
    this.#end();
  }

  // --- Staying connected -------------------------------------------------------------------------------------------

  async #stayConnected() {
    let failures = 0;
    let reason = 'connect';
    while (!this.#isClosed) {
      this.#report({ state: 'connecting', attempt: failures });
      const end = await this.#session(reason);
      if (this.#isClosed) {
        return;
      }
      if (end.code === 4400 || end.code === 1009) {
        this.#end(new OmniError('invalid_client', `the server did not understand this client: ${end.reason}`));
        return;
      }
      failures = end.wasStable ? 1 : failures + 1;
      reason = end.code === 4401 ? 'expired' : end.wasOpen ? 'reconnect' : 'refused';
      const isInvited = failures === 1 && (end.code === 1001 || end.code === 4401);
      const pause =
        (end.code === 4429 ? OVER_LIMIT_PAUSE : 0) + (isInvited ? 0 : pauseAfter(failures));
      this.#report({ state: 'waiting', attempt: failures, retryInMillis: pause, error: end.error });
      if (!this.#isClosed) {
        await this.#pause(pause, end.code !== 4429);
      }
    }
  }

  /** One connection, from asking for a token to its end. Never fails. */
  async #session(reason) {
    let token;
    try {
      token = await this.#options.token({ reason });
    } catch (error) {
      return { code: 0, wasOpen: false, wasStable: false, error };
    }
    if (this.#isClosed) {
      return {};
    }
    this.#token = token;
    return new Promise((resolve) => {
      let hasProgressed = false;
      let openedAt;
      const link = new Link({
        opened: () => {
          openedAt = Date.now();
          this.#report({ state: 'open', attempt: 0 });
          this.#pump();
          this.#watched.forEach((_, sandboxId) => this.#catchUp(sandboxId, link));
        },
        received: (message) => {
          hasProgressed ||= message.cursor !== undefined && message.type !== 'subscribed';
          this.#received(message, link);
        },
        ended: (code, text) => {
          clearTimeout(link.renewal);
          clearTimeout(this.#pumpTimer);
          this.#link = undefined;
          this.#readers.forEach((reader) => reader.disconnected());
          const wasOpen = openedAt !== undefined;
          resolve({
            code,
            reason: text,
            wasOpen,
            wasStable: hasProgressed || (wasOpen && Date.now() - openedAt >= STABLE),
            error: wasOpen ? undefined : new OmniError('connection_refused', 'the connection could not be made'),
          });
        },
      });
      this.#link = link;
      link.open(this.#WebSocket, `${this.#base.replace(/^http/, 'ws')}/ws`, token);
    });
  }

  #pause(millis, mayBeCutShort) {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, millis);
      this.#wake = (isFinal) => {
        if (isFinal || mayBeCutShort) {
          clearTimeout(timer);
          resolve();
        }
      };
    });
  }

  /** The network is said to be back, or the page is looked at again: no time for pauses, or to believe a dead connection. */
  #hint() {
    this.#wake(false);
    this.#link?.probe();
  }

  #end(error) {
    if (this.#isClosed) {
      return;
    }
    this.#isClosed = true;
    this.#stopListening();
    this.#link?.close();
    this.#wake(true);
    [...this.#readers.values()].forEach((reader) => (error ? reader.fail(error) : reader.stop()));
    this.#watched.clear();
    this.#token = undefined;
    this.#report({ state: 'closed', attempt: 0, error });
  }

  #report(status) {
    this.#status = status;
    call(this.#options.onStatus, status);
  }

  #failed(error) {
    call(this.#options.onError, error);
  }

  // --- Messages ----------------------------------------------------------------------------------------------------

  #received(message, link) {
    const reader = message.jobId && this.#readers.get(message.jobId);
    switch (message.type) {
      case 'heartbeat':
        if (link.clock === undefined) {
          link.clock = message.ts - Date.now();
          this.#renewInTime(link, link.endOfToken);
        }
        break;
      case 'sandbox':
        call(this.#options.onSandbox, message);
        break;
      case 'subscribed':
        // Counted for a job that has been left meanwhile, too: it may be asked for again.
        if (link.isLastAnswer(message.jobId)) {
          reader?.subscribed();
        }
        break;
      case 'log':
      case 'result':
      case 'error':
      case 'done':
        if (message.jobId === undefined) {
          this.#refused(message, link);
        } else if (message.cursor === undefined && !link.isLastAnswer(message.jobId)) {
          break;
        } else if (!reader) {
          this.#announce(message.sandboxId, message.jobId, message);
        } else if (message.cursor === undefined) {
          reader.refused(message);
        } else {
          reader.received(message);
        }
        break;
      default:
      // A newer server's: not for us.
    }
  }

  /** Something other than a job. */
  #refused({ code, message }, link) {
    if (code === 'invalid_token') {
      this.#renewInTime(link, link.endOfFormerToken, RENEWAL_PAUSE);
    } else if (code === 'internal_error') {
      // It may have been the answer to any question.
      link.forgetQuestions();
      this.#readers.forEach((reader) => reader.isAsked && reader.refused({ code, message }));
    }
    this.#failed(new OmniError(code, message));
  }

  /** Tells of a job that nobody has asked for; if nobody wants it now either, the server may save its breath. */
  #announce(sandboxId, jobId, event) {
    if (this.#known.has(jobId)) {
      return;
    }
    this.#remember(jobId);
    this.#announcing = event?.cursor === undefined ? undefined : jobId;
    try {
      call(this.#options.onJob, { sandboxId, jobId });
    } finally {
      this.#announcing = undefined;
    }
    const reader = this.#readers.get(jobId);
    if (!reader) {
      this.#unsubscribe(sandboxId, jobId);
    } else if (event?.cursor !== undefined) {
      reader.received(event);
    }
  }

  #remember(jobId) {
    this.#known.delete(jobId);
    this.#known.add(jobId);
    if (this.#known.size > KNOWN_JOBS) {
      this.#known.delete(this.#known.values().next().value);
    }
  }

  /** Asks for every job that waits to be asked for, as fast as the server allows. */
  #pump() {
    clearTimeout(this.#pumpTimer);
    const link = this.#link;
    if (!link?.isOpen) {
      return;
    }
    for (const reader of this.#readers.values()) {
      if (reader.isWaiting) {
        const pause = link.pauseBeforeAsking();
        if (pause > 0) {
          this.#pumpTimer = setTimeout(() => this.#pump(), pause);
          return;
        }
        reader.asked();
        link.subscribe(reader);
      }
    }
  }

  #unsubscribe(sandboxId, jobId) {
    this.#link?.send({ type: 'unsubscribe', sandboxId, jobId });
  }

  #forget(reader) {
    if (this.#readers.get(reader.jobId) === reader) {
      this.#readers.delete(reader.jobId);
      [...this.#readers.values()].some((other) => other.takesFreePlace());
    }
  }

  /** Lists a watched sandbox once it has been connected to, so that nothing slips between the list and the stream. */
  async #catchUp(sandboxId, link) {
    const watched = this.#watched.get(sandboxId);
    const isWanted = () => link?.isOpen && this.#link === link && this.#watched.get(sandboxId) === watched;
    for (let failures = 0; isWanted(); ) {
      try {
        const { items } = await this.#call('GET', jobsOf(sandboxId));
        if (isWanted()) {
          const isFirst = !watched.isListed;
          watched.isListed = true;
          for (const { id, status } of items.reverse()) {
            if (isFirst && status !== 'running') {
              this.#remember(id);
            } else if (!this.#readers.has(id)) {
              this.#announce(sandboxId, id);
            }
          }
        }
        return;
      } catch (error) {
        this.#failed(error);
        if (error instanceof OmniError && !PASSING.has(error.code)) {
          return;
        }
        await new Promise((resolve) => setTimeout(resolve, pauseAfter(++failures)));
      }
    }
  }

  // --- Tokens and calls --------------------------------------------------------------------------------------------

  /** Renews the connection's token before it ends: early, and ever sooner if that fails. */
  #renewInTime(link, end, atLeast = TOO_LATE) {
    link.endOfToken = end;
    clearTimeout(link.renewal);
    if (end === undefined) {
      return;
    }
    const left = end - (Date.now() + link.clock);
    const pause = Math.max(atLeast, left - Math.min(RENEWAL, left / 4));
    if (pause < left) {
      link.renewal =
        pause > LONGEST_TIMER
          ? setTimeout(() => this.#renewInTime(link, end), LONGEST_TIMER)
          : setTimeout(() => this.#renew(link), pause);
    }
  }

  async #renew(link) {
    let end = link.endOfToken;
    link.endOfFormerToken = end;
    try {
      const token = await this.#options.token({ reason: 'renew' });
      if (this.#link !== link) {
        return;
      }
      this.#token = token;
      link.send({ type: 'auth', token });
      end = endOf(token);
    } catch (error) {
      this.#failed(error);
    }
    if (this.#link === link) {
      this.#renewInTime(link, end);
    }
  }

  async #call(method, path, { body, headers, tries = 1 } = {}) {
    for (let failures = 0; ; ) {
      try {
        return await this.#tryToCall(method, path, body, headers);
      } catch (error) {
        const mayPass = !(error instanceof OmniError) || PASSING.has(error.code);
        if (this.#isClosed || !mayPass || ++failures >= tries) {
          throw error;
        }
        await new Promise((resolve) => setTimeout(resolve, pauseAfter(failures)));
      }
    }
  }

  async #tryToCall(method, path, body, headers) {
    for (let isRetry = false; ; isRetry = true) {
      if (this.#isClosed) {
        throw closedError();
      }
      this.#token ??= await this.#options.token({ reason: 'connect' });
      const answer = await fetch(this.#base + path, {
        method,
        headers: {
          ...headers,
          ...(body && { 'Content-Type': 'application/json' }),
          Authorization: `Bearer ${this.#token}`,
        },
        body: body && JSON.stringify(body),
        credentials: 'omit',
        signal: AbortSignal.timeout(CALL),
      });
      if (answer.status === 401 && !isRetry) {
        this.#token = await this.#options.token({ reason: 'expired' });
        continue;
      }
      if (!answer.ok) {
        const problem = await answer.json().catch(() => ({}));
        const text = problem.detail ?? problem.title ?? `the service answered with ${answer.status}`;
        throw Object.assign(new OmniError(problem.code ?? 'unknown', text), { status: answer.status });
      }
      const text = await answer.text();
      return text ? JSON.parse(text) : undefined;
    }
  }
}

/** One WebSocket, from its handshake to its end, which comes exactly once. */
class Link {
  isOpen = false;
  /** How far the server's clock is ahead of ours, once it is known. */
  clock;
  endOfToken;
  endOfFormerToken;
  renewal;

  #socket;
  #on;
  #hasEnded = false;
  #watchdog;
  #allowance = BURST;
  #allowanceAt = Date.now();
  #questions = new Map();

  constructor(on) {
    this.#on = on;
  }

  open(WebSocket, url, token) {
    this.endOfToken = endOf(token);
    this.#watchdog = setTimeout(() => this.#end(1006, ''), HANDSHAKE);
    try {
      this.#socket = new WebSocket(url, [
        'bearer-token-carrier',
        encodeURIComponent(`quarkus-http-upgrade#Authorization#Bearer ${token}`),
      ]);
    } catch {
      // No token that could be sent. The error would show it.
      this.#end(1006, '');
      return;
    }
    this.#socket.onopen = () => {
      this.isOpen = true;
      this.#heard();
      this.#on.opened();
    };
    this.#socket.onmessage = ({ data }) => {
      this.#heard();
      this.#on.received(JSON.parse(data));
    };
    this.#socket.onclose = ({ code, reason }) => this.#end(code, reason);
    this.#socket.onerror = () => {};
  }

  send(message) {
    if (this.isOpen) {
      this.#refill();
      this.#allowance--;
      this.#socket.send(JSON.stringify(message));
    }
  }

  subscribe({ sandboxId, jobId, position }) {
    this.#questions.set(jobId, (this.#questions.get(jobId) ?? 0) + 1);
    this.send({ type: 'subscribe', sandboxId, jobId, cursor: position });
  }

  /** Whether an answer leaves no question about a job open, so that it is the answer to the last one. */
  isLastAnswer(jobId) {
    const open = (this.#questions.get(jobId) ?? 1) - 1;
    if (open > 0) {
      this.#questions.set(jobId, open);
    } else {
      this.#questions.delete(jobId);
    }
    return open === 0;
  }

  forgetQuestions() {
    this.#questions.clear();
  }

  /** 0 if a message may be sent now without straining the server's patience. */
  pauseBeforeAsking() {
    this.#refill();
    return this.#allowance >= 1 ? 0 : ((1 - this.#allowance) / PER_SECOND) * SECOND;
  }

  /** Makes sure that somebody is there. */
  probe() {
    if (this.isOpen) {
      this.send({ type: 'ping' });
      clearTimeout(this.#watchdog);
      this.#watchdog = setTimeout(() => this.#end(1006, ''), ANSWER);
    }
  }

  close() {
    this.#end(1000, '');
  }

  #heard() {
    clearTimeout(this.#watchdog);
    this.#watchdog = setTimeout(() => this.probe(), SILENCE);
  }

  #refill() {
    const now = Date.now();
    this.#allowance = Math.min(BURST, this.#allowance + (Math.max(0, now - this.#allowanceAt) / SECOND) * PER_SECOND);
    this.#allowanceAt = now;
  }

  #end(code, reason) {
    if (this.#hasEnded) {
      return;
    }
    this.#hasEnded = true;
    this.isOpen = false;
    clearTimeout(this.#watchdog);
    if (this.#socket) {
      // A dead connection takes its time to say so, and is not to be heard any more.
      this.#socket.onopen = this.#socket.onmessage = this.#socket.onclose = null;
      this.#socket.close();
    }
    this.#on.ended(code, reason);
  }
}

/**
 * One job's place in the stream, and what waits between the connection and the consumer.
 *
 *   WAITING ──asked──► ASKED ──subscribed──► LIVE ──buffer full──► PAUSED
 *      ▲ ▲               │ refused             │ refused             │
 *      │ └──after a while── RESTING ◄──────────┘                     │
 *      └────────────── disconnected, or the buffer has emptied ◄─────┘        any ──done, failed, stopped──► OVER
 *
 * Whatever comes in another state than LIVE belongs to an earlier subscription and will come again.
 */
class Reader {
  sandboxId;
  jobId;
  /** Behind the last event that was received: where to go on. */
  position;
  /** Behind the last event that was handed out. */
  cursor;

  #state = 'WAITING';
  #limit;
  #on;
  #events = [];
  #size = 0;
  #taker;
  #error;
  #failures = 0;
  #rest;
  #waitsForPlace = false;

  constructor(sandboxId, jobId, cursor, limit, on) {
    this.sandboxId = sandboxId;
    this.jobId = jobId;
    this.position = this.cursor = cursor;
    this.#limit = limit;
    this.#on = on;
  }

  get isWaiting() {
    return this.#state === 'WAITING';
  }

  get isAsked() {
    return this.#state === 'ASKED';
  }

  asked() {
    this.#state = 'ASKED';
  }

  adopt() {
    this.#state = 'LIVE';
  }

  subscribed() {
    if (this.#state === 'ASKED') {
      this.#state = 'LIVE';
    } else if (this.#state === 'LIVE') {
      // An answer too many: the server may have gone back to where an earlier question began.
      this.#wait();
    }
  }

  received(event) {
    if (this.#state !== 'LIVE') {
      return;
    }
    this.position = event.cursor;
    this.#failures = 0;
    if (event.type === 'done') {
      this.#over();
    }
    if (this.#taker) {
      this.#handOut(event, this.#taker);
      return;
    }
    this.#events.push(event);
    this.#size += sizeOf(event);
    if (this.#state === 'LIVE' && this.#size > this.#limit) {
      this.#state = 'PAUSED';
      this.#on.leaves();
    }
  }

  refused({ code, message }) {
    if (this.#state !== 'ASKED' && this.#state !== 'LIVE') {
      return;
    }
    if (!PASSING.has(code)) {
      this.fail(new OmniError(code, message));
      return;
    }
    this.#state = 'RESTING';
    this.#waitsForPlace = code === 'too_many_subscriptions';
    this.#rest = setTimeout(() => this.#wait(), SECOND + pauseAfter(++this.#failures));
  }

  /** Another job has ended, which may have been one too many. */
  takesFreePlace() {
    const takes = this.#state === 'RESTING' && this.#waitsForPlace;
    if (takes) {
      this.#wait();
    }
    return takes;
  }

  disconnected() {
    if (this.#state === 'ASKED' || this.#state === 'LIVE' || this.#state === 'RESTING') {
      clearTimeout(this.#rest);
      this.#state = 'WAITING';
    }
  }

  fail(error) {
    if (this.#state !== 'OVER') {
      this.#error = error;
      this.#over();
      if (this.#taker) {
        this.#taker.reject(error);
        this.#taker = undefined;
      }
    }
  }

  stop() {
    if (this.#state === 'ASKED' || this.#state === 'LIVE') {
      this.#on.leaves();
    }
    if (this.#state !== 'OVER') {
      this.#over();
    }
    this.#events = [];
    this.#error = undefined;
    this.#taker?.resolve({ done: true, value: undefined });
    this.#taker = undefined;
  }

  /** The next event, as an iterator gives it. */
  async next() {
    if (this.#taker) {
      throw new Error('the events of a job have one consumer, which takes one at a time');
    }
    return new Promise((resolve, reject) => {
      const taker = { resolve, reject };
      const event = this.#events.shift();
      if (event) {
        this.#size -= sizeOf(event);
        this.#handOut(event, taker);
        if (this.#state === 'PAUSED' && this.#size <= this.#limit / 4) {
          this.#wait();
        }
      } else if (this.#state !== 'OVER') {
        this.#taker = taker;
      } else if (this.#error) {
        reject(this.#error);
      } else {
        resolve({ done: true, value: undefined });
      }
    });
  }

  #handOut(event, taker) {
    this.#taker = undefined;
    this.cursor = event.cursor;
    taker.resolve({ done: false, value: event });
  }

  #wait() {
    clearTimeout(this.#rest);
    this.#state = 'WAITING';
    this.#on.wants();
  }

  #over() {
    clearTimeout(this.#rest);
    this.#state = 'OVER';
    this.#on.ends();
  }
}

/** What the consumer of a job holds. */
class Following {
  #reader;
  #isTaken = false;
  #ended = withResolvers();

  constructor(reader, handlers) {
    this.#reader = reader;
    // Whoever does not ask how it ended does not want to be told by a warning either.
    this.#ended.promise.catch(() => {});
    if (handlers.onLog || handlers.onResult || handlers.onError || handlers.onDone) {
      this.#deliver(handlers);
    }
  }

  get sandboxId() {
    return this.#reader.sandboxId;
  }

  get jobId() {
    return this.#reader.jobId;
  }

  get cursor() {
    return this.#reader.cursor;
  }

  get ended() {
    return this.#ended.promise;
  }

  stop() {
    this.#reader.stop();
    this.#ended.resolve(undefined);
  }

  [Symbol.asyncIterator]() {
    if (this.#isTaken) {
      throw new Error('the events of a job have one consumer');
    }
    this.#isTaken = true;
    let done;
    return {
      next: async () => {
        try {
          const next = await this.#reader.next();
          if (next.done) {
            this.#ended.resolve(done);
          } else if (next.value.type === 'done') {
            done = next.value;
          }
          return next;
        } catch (error) {
          this.#ended.reject(error);
          throw error;
        }
      },
      return: async () => {
        this.#reader.stop();
        this.#ended.resolve(done);
        return { done: true, value: undefined };
      },
    };
  }

  async #deliver(handlers) {
    this.#isTaken = true;
    const handlerOf = {
      log: handlers.onLog,
      result: handlers.onResult,
      error: handlers.onError,
      done: handlers.onDone,
    };
    let last;
    try {
      for (let next = await this.#reader.next(); !next.done; next = await this.#reader.next()) {
        last = next.value;
        await handlerOf[last.type]?.(last);
      }
      this.#ended.resolve(last?.type === 'done' ? last : undefined);
    } catch (error) {
      this.#reader.stop();
      this.#ended.reject(error);
      call(handlers.onFailure, error);
    }
  }
}

/** Full jitter: many clients that lost the same server do not come back together. */
function pauseAfter(failures) {
  return Math.random() * Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (failures - 1));
}

function jobsOf(sandboxId) {
  return `/api/v1/sandboxes/${encodeURIComponent(sandboxId)}/jobs`;
}

function sizeOf(event) {
  return EVENT + (event.data?.length ?? 0);
}

function closedError() {
  return new OmniError('closed', 'the client has been closed');
}

/** When a token ends, in milliseconds; undefined if it does not tell. */
function endOf(token) {
  try {
    const { exp } = JSON.parse(atob(token.split('.')[1].replace(/-/g, '+').replace(/_/g, '/')));
    return Number.isFinite(exp) ? exp * SECOND : undefined;
  } catch {
    return undefined;
  }
}

/** Calls back if anybody wants it. A mistake in there is theirs to see, and not ours to stumble over. */
function call(callback, argument) {
  try {
    callback?.(argument);
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}

/** Where there is a window: it knows when the network or the user comes back. */
function onHint(heard) {
  const { document } = globalThis;
  if (!document?.addEventListener) {
    return () => {};
  }
  const onVisible = () => document.visibilityState === 'visible' && heard();
  globalThis.addEventListener('online', heard);
  document.addEventListener('visibilitychange', onVisible);
  return () => {
    globalThis.removeEventListener('online', heard);
    document.removeEventListener('visibilitychange', onVisible);
  };
}

/** Not crypto.randomUUID, which insecure pages do not have. */
function randomKey() {
  return Array.from(crypto.getRandomValues(new Uint32Array(4)), (part) => part.toString(16)).join('-');
}

function withResolvers() {
  const resolvers = {};
  resolvers.promise = new Promise((resolve, reject) => Object.assign(resolvers, { resolve, reject }));
  return resolvers;
}
