using System.Buffers;
using System.IO.Pipelines;
using System.Net.Security;
using System.Runtime.CompilerServices;
using WireGate.Core.Framing;
using WireGate.Core.Transport;
using WireGate.Http.Credentials;
using WireGate.Http.Http1;

namespace WireGate.Http.Upstream;

/// <summary>A connection of HTTP/1.1 to an upstream, for one exchange after the other.</summary>
/// <param name="connection">Owned.</param>
/// <param name="shown">Which certificate of the login was shown on it; null: none.</param>
/// <param name="key">Whose it is.</param>
/// <param name="pool">Keeps it between two exchanges.</param>
internal sealed class Http1Upstream(Connection connection, SslStreamCertificateContext? shown, UpstreamKey key, UpstreamPool pool) : UpstreamLeg(key), IDisposable
{
    private const string ClosedWithin = "closed within its answer";

    private readonly ChunkTrailers _trailers = new();
    private Action? _lost;
    private bool _isUpgraded;
    private bool _isHeld = true;

    /// <summary>Its bytes.</summary>
    public Connection Connection => connection;

    /// <summary>Which certificate of the login was shown on it; null: none.</summary>
    public SslStreamCertificateContext? Shown => shown;

    /// <summary>Since when it waits for another exchange; a timestamp of the clock.</summary>
    public long IdleSince { get; private set; }

    /// <summary>Takes it out of those that wait, since the upstream closed it.</summary>
    public Action Lost => _lost ??= () => pool.OnLost(this);

    /// <inheritdoc/>
    public override IBufferWriter<byte> Head => connection.Output;

    /// <inheritdoc/>
    public override bool IsHttp11 => true;

    /// <inheritdoc/>
    public override BodySink Begin(BodyKind body, Credential credential) =>
        body == BodyKind.Chunked ? BodySink.InChunks(connection.Output) : BodySink.Plain(connection.Output);

    /// <inheritdoc/>
    [AsyncMethodBuilder(typeof(LoopMethodBuilder<>))]
    public override async ValueTask<bool> ReadHeadAsync(ResponseHead head)
    {
        PipeReader input = connection.Input;
        bool isEmpty = true;
        while (true)
        {
            ReadResult read;
            try
            {
                read = await input.ReadAsync(CancellationToken.None);
            }
            catch (Exception e) when (e is IOException or ObjectDisposedException)
            {
                return isEmpty ? false : throw new ProtocolException(Peer.Upstream, ClosedWithin);
            }

            bool isHead = head.TryRead(read.Buffer, out SequencePosition consumed);
            isEmpty = read.Buffer.IsEmpty;
            input.AdvanceTo(consumed, isHead ? consumed : read.Buffer.End);
            if (isHead)
            {
                return true;
            }

            if (read.IsCompleted)
            {
                return isEmpty ? false : throw new ProtocolException(Peer.Upstream, ClosedWithin);
            }
        }
    }

    /// <inheritdoc/>
    public override Connection Upgrade()
    {
        _isUpgraded = true;
        return connection;
    }

    /// <inheritdoc/>
    public override BodySource BodyOf(ResponseHead head) => new(connection.Input, head.Body, _trailers, connection);

    // Whoever says first that nothing more comes keeps the port for a minute: a caller that leaves all its requests would use them up.
    /// <inheritdoc/>
    public override void Abort() => connection.Reset();

    /// <inheritdoc/>
    public override void Release(Reuse reuse)
    {
        _trailers.Clear();
        switch (reuse)
        {
            case Reuse.Nobody when _isUpgraded:
                UpstreamPool.Close(this);
                break;
            case Reuse.Nobody:
                UpstreamPool.Drop(this);
                break;
            case Reuse.Leaving:
                pool.Leave(this);
                break;
            default:
                pool.Return(this);
                break;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _trailers.Dispose();
        Unhold();
    }

    /// <summary>It counts for its caller no longer.</summary>
    public void Unhold()
    {
        if (_isHeld)
        {
            _isHeld = false;
            pool.Unhold(Key);
        }
    }

    /// <summary>It waits for an exchange.</summary>
    /// <param name="since">A timestamp of the clock.</param>
    /// <param name="isReused">One was made on it.</param>
    public void Rest(long since, bool isReused) => (IsReused, IdleSince) = (isReused, since);
}
