using System.IO.Pipelines;
using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using NUnit.Framework;
using WireGate.Core.Transport;
using WireGate.Http.Upstream;

namespace WireGate.Http.Tests.Upstream;

/// <summary>How a connection to an upstream of HTTP/1.1 is closed on which nothing is asked any more.</summary>
internal sealed class DropTests : IDisposable
{
    private readonly UpstreamPool _pool = new(null!, null!, TimeProvider.System, NullLogger.Instance);

    public void Dispose() => _pool.Dispose();

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
