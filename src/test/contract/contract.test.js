// The official TypeScript SDK against a local Daytona: DAYTONA_API_URL and DAYTONA_API_KEY say where it is.
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Daytona, DaytonaConflictError, DaytonaNotFoundError } from '@daytonaio/sdk'

const daytona = new Daytona({
  apiUrl: process.env.DAYTONA_API_URL,
  apiKey: process.env.DAYTONA_API_KEY,
})

async function eventually(what, condition) {
  for (let i = 0; i < 200; i++) {
    const value = await condition()
    if (value) return value
    await sleep(50)
  }
  assert.fail(`not in time: ${what}`)
}

describe('a sandbox', () => {
  let sandbox
  const owner = randomUUID()

  before(async () => {
    sandbox = await daytona.create({ name: `contract-${owner}`, labels: { owner }, envVars: { GREETING: 'hello' } })
  })
  after(() => sandbox.delete())

  test('is started once create returns', () => {
    assert.equal(sandbox.state, 'started')
    assert.equal(sandbox.labels.owner, owner)
    assert.equal(sandbox.env.GREETING, 'hello')
  })

  test('is found by id and by name, and nobody else is', async () => {
    assert.equal((await daytona.get(sandbox.id)).name, sandbox.name)
    assert.equal((await daytona.get(sandbox.name)).id, sandbox.id)
    await assert.rejects(daytona.get(randomUUID()), DaytonaNotFoundError)
  })

  test('has a name that nobody else can have', async () => {
    await assert.rejects(daytona.create({ name: sandbox.name }), DaytonaConflictError)
  })

  test('is listed by its labels and states', async () => {
    const found = []
    for await (const item of daytona.list({ labels: { owner }, states: ['started', 'stopped'], limit: 5 })) found.push(item.id)
    assert.deepEqual(found, [sandbox.id])
  })

  test('changes its labels', async () => {
    const labels = await sandbox.setLabels({ owner, stage: 'changed' })
    assert.equal(labels.stage, 'changed')
  })

  test('runs a command', async () => {
    const ran = await sandbox.process.executeCommand('echo "$GREETING $WHO"; pwd; exit 3', '/tmp', { WHO: 'world' }, 10)
    assert.equal(ran.result, 'hello world\n/tmp\n')
    assert.equal(ran.exitCode, 3)
  })

  test('ends a command that takes too long', async () => {
    await assert.rejects(sandbox.process.executeCommand('sleep 30', undefined, undefined, 1), /timeout/)
  })

  test('keeps the state of a session between its commands', async () => {
    await sandbox.process.createSession('state')
    await sandbox.process.executeSessionCommand('state', { command: 'cd /tmp; export A=1' })
    const ran = await sandbox.process.executeSessionCommand('state', { command: 'echo "$PWD $A"; echo oops >&2; (exit 4)' })
    assert.equal(ran.stdout, '/tmp 1\n')
    assert.equal(ran.stderr, 'oops\n')
    assert.equal(ran.exitCode, 4)
    await sandbox.process.deleteSession('state')
    await assert.rejects(sandbox.process.getSession('state'), DaytonaNotFoundError)
  })

  test('streams the log of a command that runs, and keeps it', async () => {
    await sandbox.process.createSession('logs')
    const { cmdId } = await sandbox.process.executeSessionCommand('logs', {
      command: 'for i in 1 2 3; do echo "out $i ✓"; echo "err $i" >&2; sleep 0.1; done; (exit 5)',
      runAsync: true,
    })
    let out = ''
    let err = ''
    await sandbox.process.getSessionCommandLogs(
      'logs',
      cmdId,
      (chunk) => (out += chunk),
      (chunk) => (err += chunk),
    )
    assert.equal(out, 'out 1 ✓\nout 2 ✓\nout 3 ✓\n')
    assert.equal(err, 'err 1\nerr 2\nerr 3\n')
    const kept = await sandbox.process.getSessionCommandLogs('logs', cmdId)
    assert.equal(kept.stdout, out)
    assert.equal(kept.stderr, err)
    assert.equal((await sandbox.process.getSessionCommand('logs', cmdId)).exitCode, 5)
  })

  test('passes input to a command', async () => {
    await sandbox.process.createSession('input')
    const { cmdId } = await sandbox.process.executeSessionCommand('input', {
      command: 'read -r name; echo "hello $name"',
      runAsync: true,
    })
    await eventually('the command takes input', () =>
      sandbox.process.sendSessionCommandInput('input', cmdId, 'Ada').then(
        () => true,
        () => false,
      ),
    )
    const log = await eventually('the answer', async () => {
      const { stdout } = await sandbox.process.getSessionCommandLogs('input', cmdId)
      return stdout.includes('hello') && stdout
    })
    assert.match(log, /hello Ada\n/)
  })

  test('keeps files', async () => {
    const home = await sandbox.getUserHomeDir()
    const content = Buffer.from(Array.from({ length: 100_000 }, (_, i) => i % 251))
    await sandbox.fs.uploadFile(content, `${home}/deep/data.bin`)
    assert.deepEqual(await sandbox.fs.downloadFile(`${home}/deep/data.bin`), content)
    const [file] = await sandbox.fs.listFiles(`${home}/deep`)
    assert.equal(file.name, 'data.bin')
    assert.equal(file.size, content.length)
    assert.equal(file.isDir, false)
    await assert.rejects(sandbox.fs.downloadFile(`${home}/deep/none`), DaytonaNotFoundError)
    await sandbox.fs.createFolder(`${home}/folder`, '755')
    await sandbox.fs.moveFiles(`${home}/deep/data.bin`, `${home}/folder/moved.bin`)
    assert.equal((await sandbox.fs.getFileDetails(`${home}/folder/moved.bin`)).size, content.length)
    await sandbox.fs.deleteFile(`${home}/folder`, true)
  })

  test('has terminals', async () => {
    let screen = ''
    const decoder = new TextDecoder()
    const pty = await sandbox.process.createPty({
      id: 'contract',
      cols: 90,
      rows: 20,
      onData: (data) => (screen += decoder.decode(data, { stream: true })),
    })
    await pty.waitForConnection()
    await pty.sendInput('stty size\n')
    await eventually('the size', () => screen.includes('20 90'))
    await pty.resize(100, 30)
    await pty.sendInput('stty size; exit 6\n')
    const ended = await pty.wait()
    assert.match(screen, /30 100/)
    assert.equal(ended.exitCode, 6)
  })

  test('has preview links', async () => {
    const link = await sandbox.getPreviewLink(3000)
    assert.match(link.url, /3000/)
    assert.ok(link.token)
  })

  test('stops, forgetting its sessions, and starts again with its files', async () => {
    await sandbox.process.executeCommand('echo kept > ~/kept')
    await sandbox.process.createSession('forgotten')
    await sandbox.stop()
    assert.equal(sandbox.state, 'stopped')
    await assert.rejects(sandbox.process.executeCommand('true'))
    await sandbox.start()
    assert.equal(sandbox.state, 'started')
    await assert.rejects(sandbox.process.getSession('forgotten'), DaytonaNotFoundError)
    assert.equal((await sandbox.process.executeCommand('cat ~/kept')).result, 'kept\n')
  })
})

describe('a snapshot', () => {
  test('is made, listed and removed', async () => {
    const name = `contract-${randomUUID()}`
    const snapshot = await daytona.snapshot.create({ name, image: 'debian:12.9' })
    assert.equal(snapshot.state, 'active')
    assert.equal((await daytona.snapshot.get(name)).id, snapshot.id)
    const page = await daytona.snapshot.list(1, 10)
    assert.ok(page.items.some((item) => item.name === name))
    const sandbox = await daytona.create({ snapshot: name })
    assert.equal(sandbox.snapshot, name)
    await sandbox.delete()
    await daytona.snapshot.delete(snapshot)
  })
})

test('a deleted sandbox is gone', async () => {
  const sandbox = await daytona.create()
  await sandbox.delete()
  await eventually('it is gone', () =>
    daytona.get(sandbox.id).then(
      () => false,
      (error) => error instanceof DaytonaNotFoundError,
    ),
  )
})
