using System.Collections.Frozen;
using System.IO.Pipelines;
using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using NUnit.Framework;
using WireGate.Core.Configuration;
using WireGate.Core.Credentials;
using WireGate.Core.Sessions;
using WireGate.Core.Transport;
using WireGate.Http.Credentials;
using WireGate.Http.Upstream;
using WireGate.Testing.Time;

namespace WireGate.Http.Tests.Upstream;

/// <summary>How a connection to an upstream of HTTP/1.1 is closed on which nothing is asked any more.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class DropTests : IDisposable
{
    private static readonly TargetConfig Target = new()
    {
        Name = "api",
        Protocol = ProtocolNames.Http,
        Addresses = [],
        Tls = new ClientTlsConfig { Mode = TlsMode.Disable },
        Logins = [new LoginConfig { Name = "bot", User = "" }],
    };

    private readonly EnvironmentSecrets _variables = EnvironmentSecrets.Capture([]);
    private readonly ManualTime _time = new();
    private readonly SecretProvider _secrets;
    private readonly UpstreamPool _pool;

    public DropTests()
    {
        _secrets = new SecretProvider(FrozenDictionary<string, SecretConfig>.Empty, _variables, _time);
        _pool = new UpstreamPool(null!, new UpstreamConnector(new LoginCertificates(_secrets)), _time, NullLogger.Instance);
    }

    public void Dispose()
    {
        _pool.Dispose();
        _secrets.Dispose();
        _variables.Dispose();
    }

    [Test]
    public void Only_what_loses_nothing_is_reset([Values] bool isAllTaken)
    {
        var connection = new WatchedConnection(isAllTaken);
        UpstreamPool.Drop(new Http1Upstream(connection, null, default, _pool));

        Assert.That(connection.WasReset, Is.EqualTo(isAllTaken), "an upstream that answered first still has the body to read");
        Assert.That(connection.IsDisposed, Is.True);
    }

    [Test]
    public void What_has_become_something_else_is_not_reset()
    {
        var connection = new WatchedConnection(isAllTaken: true);
        var upstream = new Http1Upstream(connection, null, default, _pool);
        Assert.That(upstream.Upgrade(), Is.SameAs(connection));
        upstream.Release(Reuse.Nobody);

        Assert.That(connection.WasReset, Is.False, "both ends have said goodbye");
        Assert.That(connection.IsDisposed, Is.True);
    }

    [Test]
    public void When_all_places_are_taken_the_oldest_of_who_has_most_goes()
    {
        WatchedConnection[] alices = [.. Enumerable.Range(0, 1000).Select(_ => Return("alice"))];
        for (int i = alices.Length; i < UpstreamPool.MostIdleOfAll; i++)
        {
            Return($"one-{i}");
        }

        Assert.That(_pool.Idle, Is.EqualTo(UpstreamPool.MostIdleOfAll));
        WatchedConnection carols = Return("carol");

        Assert.That(_pool.Idle, Is.EqualTo(UpstreamPool.MostIdleOfAll));
        Assert.That(carols.IsDisposed, Is.False);
        Assert.That(alices.Select(a => a.IsDisposed), Is.EqualTo(alices.Select((_, i) => i == 0)));
    }

    private WatchedConnection Return(string subject)
    {
        var connection = new WatchedConnection(isAllTaken: true);
        _pool.Return(new Http1Upstream(connection, null, new UpstreamKey(Target, Target.Logins[0], Of(subject)), _pool));
        return connection;
    }

    private static Identity Of(string subject) => new() { Issuer = "local", Subject = subject };

    private sealed class WatchedConnection(bool isAllTaken) : Connection
    {
        private readonly Pipe _bytes = new();

        public bool WasReset { get; private set; }

        public bool IsDisposed { get; private set; }

        public override EventLoop Loop => throw new NotSupportedException();

        public override PipeReader Input => _bytes.Reader;

        public override PipeWriter Output => _bytes.Writer;

        public override EndPoint? Remote => null;

        public override bool IsCut => false;

        public override bool IsAllTaken => isAllTaken;

        public override ValueTask FinishAsync() => throw new NotSupportedException();

        public override void Abort() => throw new NotSupportedException();

        public override void Reset() => WasReset = true;

        public override ValueTask DisposeAsync()
        {
            IsDisposed = true;
            return ValueTask.CompletedTask;
        }
    }
}
