using System.Buffers;
using System.Collections.Frozen;
using System.IO.Pipelines;
using System.Net;
using Microsoft.Extensions.Logging;
using NUnit.Framework;
using WireGate.Core.Configuration;
using WireGate.Core.Credentials;
using WireGate.Core.Framing;
using WireGate.Core.Transport;
using WireGate.Core.Transport.Streams;
using WireGate.Http.Credentials;
using WireGate.Http.Http1;
using WireGate.Http.Http2.Frames;
using WireGate.Http.Upstream;
using WireGate.Testing.Time;

namespace WireGate.Http.Tests.Upstream;

/// <summary>A connection to an upstream that many share, and that ends by a fault of the gateway's own.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class SharedConnectionTests : IDisposable
{
    private readonly ManualTime _time = new() { Jumps = true };
    private readonly EnvironmentSecrets _variables = EnvironmentSecrets.Capture([]);
    private readonly SecretProvider _secrets;
    private readonly ScriptedLoop _loop = new();
    private readonly Faults _faults = new();
    private readonly UpstreamPool _pool;

    public SharedConnectionTests()
    {
        _secrets = new SecretProvider(FrozenDictionary<string, SecretConfig>.Empty, _variables, _time);
        _pool = new UpstreamPool(_loop, new UpstreamConnector(new LoginCertificates(_secrets)), _time, _faults);
    }

    public void Dispose()
    {
        _secrets.Dispose();
        _variables.Dispose();
    }

    [Test]
    public async Task Leaves_the_pool_and_tells_those_that_wait_whatever_ended_it()
    {
        Task<UpstreamLeg> asked = AskAsync();
        await Until.TrueAsync(() => _loop.Opened.Count == 1, "a connection to be opened");
        _loop.Opened[0].Fail(new InvalidOperationException("ours"));
        Assert.That(async () => await asked.WaitAsync(TimeSpan.FromSeconds(30)), Throws.InstanceOf<IOException>());

        Task<UpstreamLeg> again = AskAsync();
        await Until.TrueAsync(() => _loop.Opened.Count == 2, "another to be opened");
        _loop.Opened[1].SaySettings();
        Assert.That(await again.WaitAsync(TimeSpan.FromSeconds(30)), Is.InstanceOf<Http2Upstream>());
        Assert.That(_loop.Opened[0].IsDisposed, Is.True);
        Assert.That(_faults.Seen, Is.EqualTo(new[] { "a connection to target api failed; this is a fault of the gateway: ours" }));
    }

    [TestCase(true, "a connection to target api failed; this is a fault of the gateway: ours")]
    [TestCase(false, "target api: no other connection can be opened, requests wait for room on those that are open: theirs: ")]
    public async Task What_keeps_another_from_being_opened_is_told_as_what_it_is(bool isOurs, string told)
    {
        Task<UpstreamLeg> asked = AskAsync();
        await Until.TrueAsync(() => _loop.Opened.Count == 1, "a connection to be opened");
        _loop.Opened[0].SaySettings((SettingId.MAX_CONCURRENT_STREAMS, 1));
        UpstreamLeg leg = await asked.WaitAsync(TimeSpan.FromSeconds(30));

        _loop.Refusal = isOurs ? new InvalidOperationException("ours") : new ProtocolException(Peer.Upstream, "theirs");
        Task<UpstreamLeg> waits = AskAsync(isFresh: false);
        await Until.TrueAsync(() => _faults.Seen.Count > 0, "the operator to be told");
        Assert.That(_faults.Seen, Is.EqualTo(new[] { told }));

        await _loop.RunAsync(() =>
        {
            leg.Release(Reuse.Caller);
            return Task.FromResult(true);
        });
        Assert.That(await waits.WaitAsync(TimeSpan.FromSeconds(30)), Is.InstanceOf<Http2Upstream>(), "it waited for room");
    }

    [Test]
    public async Task Ends_the_requests_that_are_made_on_it()
    {
        Task<UpstreamLeg> asked = AskAsync();
        await Until.TrueAsync(() => _loop.Opened.Count == 1, "a connection to be opened");
        _loop.Opened[0].SaySettings();
        UpstreamLeg leg = await asked.WaitAsync(TimeSpan.FromSeconds(30));
        Task<bool> answered = _loop.RunAsync(async () =>
        {
            leg.Head.Write("GET / HTTP/1.1\r\nHost: api\r\n\r\n"u8);
            using Credential none = Credential.Hidden(new HttpLoginConfig { Secret = "real", Surface = HttpSurface.Header, Name = "Authorization" });
            leg.Begin(BodyKind.None, none);
            using var head = new ResponseHead();
            return await leg.ReadHeadAsync(head);
        });
        _loop.Opened[0].Fail(new InvalidOperationException("ours"));

        Assert.That(await answered.WaitAsync(TimeSpan.FromSeconds(30)), Is.False);
    }

    private Task<UpstreamLeg> AskAsync(bool isFresh = true) =>
        _loop.RunAsync(() => _pool.ConnectAsync(Key, needsHttp11: false, isFresh, new LimitsConfig(), CancellationToken.None).AsTask());

    private static readonly UpstreamKey Key = new(
        new TargetConfig
        {
            Name = "api",
            Protocol = ProtocolNames.Http,
            Addresses = [Address.TryParse("127.0.0.1:1", 0, out Address? address) ? address : throw new InvalidOperationException()],
            Tls = new ClientTlsConfig { Mode = TlsMode.Disable },
            Http2 = TargetHttp2.Clear,
            Logins = [],
        },
        new LoginConfig { Name = "bot", User = "" },
        null);

    private sealed class Faults : ILogger
    {
        public List<string> Seen { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Seen.Add($"{formatter(state, exception)}: {exception?.Message}");
    }

    private sealed class ScriptedLoop : EventLoop
    {
        private readonly PoolLoop _loop = new();

        public List<ScriptedConnection> Opened { get; } = [];

        /// <summary>What no other connection can be opened for.</summary>
        public Exception? Refusal { get; set; }

        public override int Index => 0;

        public override bool IsCurrent => _loop.IsCurrent;

        public override void Post(Action<object?> callback, object? state) => _loop.Post(callback, state);

        public override ValueTask<Connection> ConnectAsync(EndPoint address, CancellationToken cancellationToken)
        {
            if (Refusal is not null)
            {
                throw Refusal;
            }

            var opened = new ScriptedConnection(this);
            Opened.Add(opened);
            return ValueTask.FromResult<Connection>(opened);
        }

        public async Task<T> RunAsync<T>(Func<Task<T>> work)
        {
            await Switch();
            return await work();
        }
    }

    /// <summary>A connection whose reader fails as no peer can make it.</summary>
    private sealed class ScriptedConnection(EventLoop loop) : Connection
    {
        private readonly Pipe _input = new(), _output = new(new PipeOptions(pauseWriterThreshold: 0));

        public bool IsDisposed { get; private set; }

        public override EventLoop Loop => loop;

        public override PipeReader Input => _input.Reader;

        public override PipeWriter Output => _output.Writer;

        public override EndPoint? Remote => null;

        public override bool IsCut => false;

        public void Fail(Exception fault) => _input.Writer.Complete(fault);

        public void SaySettings(params (SettingId, uint)[] settings)
        {
            FrameWriter.WriteSettings(_input.Writer, settings);
            _ = _input.Writer.FlushAsync().AsTask();
        }

        public override ValueTask FinishAsync() => throw new NotSupportedException();

        public override void Abort() => _input.Writer.Complete();

        public override ValueTask DisposeAsync()
        {
            IsDisposed = true;
            return ValueTask.CompletedTask;
        }
    }
}
