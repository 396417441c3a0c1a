async ({ token, sandboxId }) => {
  const { connect, bytesOf } = await import('/client/omni.js');
  const decoder = new TextDecoder('utf-8', { fatal: true });

  /** A socket that keeps what is sent, and counts what comes of a job while it is subscribed to. */
  class Listening extends WebSocket {
    #isSubscribed = false;

    constructor(...parameters) {
      super(...parameters);
      this.addEventListener('message', ({ data }) => {
        const message = JSON.parse(data);
        seen.refusals += message.code === 'too_many_subscriptions' ? 1 : 0;
        this.#isSubscribed ||= message.type === 'subscribed';
        if (this.#isSubscribed) {
          seen.backlog += message.data?.length ?? 0;
          seen.largestBacklog = Math.max(seen.backlog, seen.largestBacklog);
        }
      });
    }

    send(text) {
      const message = JSON.parse(text);
      seen.sent.push(message);
      this.#isSubscribed &&= message.type !== 'unsubscribe';
      super.send(text);
    }
  }

  /** A client with a bug. */
  class Garbling extends WebSocket {
    send() {
      for (let i = 0; i < 20; i++) {
        super.send('nonsense');
      }
    }
  }

  /** Follows a job to its end, by its handlers. */
  const collect = async (jobId, entry = { jobId, text: '', dones: 0 }) => {
    const take = (event) => {
      // The shell says on stderr that something was terminated.
      if (event.stream === 'stdout') {
        entry.text += event.encoding ? decoder.decode(bytesOf(event)) : event.data;
      }
    };
    entry.following = omni.follow(sandboxId, jobId, {
      onLog: take,
      onDone: () => {
        entry.dones++;
      },
    });
    await entry.following.ended;
    return { text: entry.text, dones: entry.dones };
  };

  /** Follows a job in a loop that lets the stream run ahead before each event it takes. */
  const collectSlowly = async (jobId) => {
    const seenHere = { text: '', dones: 0 };
    for await (const event of omni.follow(sandboxId, jobId)) {
      seenHere.text += event.data ?? '';
      seen.backlog -= event.data?.length ?? 0;
      seenHere.dones += event.type === 'done' ? 1 : 0;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    const pauses = seen.sent.filter(({ type }) => type === 'unsubscribe').length;
    return { ...seenHere, pauses, largestBacklog: seen.largestBacklog };
  };

  const seen = { statuses: [], pauses: [], reasons: [], errors: [], jobs: [], sent: [], refusals: 0, backlog: 0, largestBacklog: 0 };
  const omni = connect({
    url: location.origin,
    token: ({ reason }) => {
      seen.reasons.push(reason);
      return token;
    },
    onStatus: ({ state, retryInMillis }) => {
      seen.statuses.push(state);
      if (state === 'waiting') {
        seen.pauses.push(retryInMillis);
      }
    },
    onError: (error) => seen.errors.push(String(error)),
    onJob: ({ jobId }) => {
      const entry = { jobId, text: '', dones: 0 };
      seen.jobs.push(entry);
      collect(jobId, entry);
    },
    WebSocket: Listening,
    /* options */
  });
  Object.assign(window, { omni, seen, sandboxId, token, collect, collectSlowly });
}
