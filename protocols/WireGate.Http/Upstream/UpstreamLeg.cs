using System.Buffers;
using WireGate.Core.Framing;
using WireGate.Core.Transport;
using WireGate.Http.Credentials;
using WireGate.Http.Http1;
using WireGate.Http.Http2;

namespace WireGate.Http.Upstream;

/// <summary>
/// The upstream's side of an exchange, whatever frames its messages: a request is made, and its response read. It is owned by whoever got it of
/// the pool, who gives it back. On the loop only.
/// </summary>
internal abstract class UpstreamLeg
{
    private Action? _aborting;

    /// <param name="key">Whose it is.</param>
    protected UpstreamLeg(UpstreamKey key) => Key = key;

    /// <summary>Whose it is.</summary>
    public UpstreamKey Key { get; }

    /// <summary>An exchange was made before on what it goes over: the upstream may close that at any moment, and has a right to.</summary>
    public bool IsReused { get; protected set; }

    /// <summary>Gets the head of the request, as it is in HTTP/1.1; then <see cref="Begin"/>.</summary>
    public abstract IBufferWriter<byte> Head { get; }

    /// <summary><see cref="Abort"/>.</summary>
    public Action Aborting => _aborting ??= Abort;

    /// <summary>Nothing was done of what was asked, for certain: it may be asked once more.</summary>
    public virtual bool IsUnprocessed => false;

    /// <summary>It has to be asked in HTTP/1.1, and nothing was done of it.</summary>
    public virtual bool NeedsHttp11 => false;

    /// <summary>Requests follow each other on what it goes over, one behind the other.</summary>
    public virtual bool IsHttp11 => false;

    /// <summary>It takes fields behind the body of a request.</summary>
    public virtual bool TakesTrailers => false;

    /// <summary>What the upstream ended it with before its end; null: it did not, or said nothing of why.</summary>
    public virtual ErrorCode? Reset => null;

    /// <summary>The head of the request was written.</summary>
    /// <param name="body">What is behind it.</param>
    /// <param name="credential">What is in it.</param>
    /// <returns>Where that goes. The head goes with it.</returns>
    public abstract BodySink Begin(BodyKind body, Credential credential);

    /// <summary>Reads the next head that the upstream answers: 1xx, any number of them, then the one that counts.</summary>
    /// <param name="head">Gets it.</param>
    /// <returns>False: the upstream closed before any of it came.</returns>
    /// <exception cref="ProtocolException">It is none, or ends within.</exception>
    public abstract ValueTask<bool> ReadHeadAsync(ResponseHead head);

    /// <summary>The body of the answer.</summary>
    /// <param name="head">What <see cref="ReadHeadAsync"/> gave last.</param>
    public abstract BodySource BodyOf(ResponseHead head);

    /// <summary>Both ends go on with something else behind a 101.</summary>
    /// <returns>What is read of that, and written.</returns>
    public abstract Connection Upgrade();

    /// <summary>Ends the exchange at once. Whoever reads or writes is woken.</summary>
    public abstract void Abort();

    /// <summary>The exchange is over. Nothing of it is used any more.</summary>
    /// <param name="reuse">For whom a connection of HTTP/1.1 is any more; nobody, where not all was said or heard.</param>
    public abstract void Release(Reuse reuse);
}
