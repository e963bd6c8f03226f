using System.Buffers;
using System.Runtime.CompilerServices;
using WireGate.Core.Framing;
using WireGate.Core.Transport;
using WireGate.Http.Credentials;
using WireGate.Http.Http1;
using WireGate.Http.Http2;
using WireGate.Http.Http2.Messages;

namespace WireGate.Http.Upstream;

/// <summary>An exchange on a stream of a connection that others share.</summary>
/// <param name="connection">Whose stream it will be.</param>
internal sealed class Http2Upstream(SharedConnection connection) : UpstreamLeg(connection.Key), IDisposable
{
    private readonly ArrayBufferWriter<byte> _text = new(1024);
    private readonly FieldSection _section = new();
    private Http2Stream? _stream;
    private bool _isTooLong;
    private bool _isAborted;

    // A place is kept for it.
    private bool _isWaiting;

    /// <inheritdoc/>
    public override IBufferWriter<byte> Head => _text;

    /// <inheritdoc/>
    public override bool IsUnprocessed => _stream is null ? !_isAborted : _stream.Error is { IsUnprocessed: true };

    /// <inheritdoc/>
    public override bool NeedsHttp11 => _isTooLong || Reset == ErrorCode.HTTP_1_1_REQUIRED;

    /// <inheritdoc/>
    public override bool TakesTrailers => true;

    /// <inheritdoc/>
    public override ErrorCode? Reset => _stream?.Error is { IsByPeer: true, Broken: null } error ? error.Code : null;

    /// <summary>It will go over the connection.</summary>
    public void Take() => (IsReused, _isWaiting) = (connection.HasAnswered, true);

    /// <inheritdoc/>
    public override BodySink Begin(BodyKind body, Credential credential)
    {
        bool hasBody = body != BodyKind.None;
        _isTooLong = !SectionHead.TryReadRequest(_text.WrittenSpan, connection.IsSecure, credential.SensitiveName, credential.IsInTarget, _section);
        if (!_isTooLong && !_isAborted)
        {
            _isWaiting = false;
            _stream = connection.Open(_section, endStream: !hasBody);
        }

        Clear();
        return _stream is null ? default : hasBody ? BodySink.Stream(_stream.Output) : BodySink.Nothing;
    }

    /// <inheritdoc/>
    [AsyncMethodBuilder(typeof(LoopMethodBuilder<>))]
    public override async ValueTask<bool> ReadHeadAsync(ResponseHead head)
    {
        if (_stream is null)
        {
            return false;
        }

        FieldSection section;
        try
        {
            section = await _stream.ReadHeadAsync();
        }
        catch (StreamException e)
        {
            return e.Broken is null ? false : throw new ProtocolException(Peer.Upstream, e.Broken);
        }

        connection.HasAnswered = true;
        try
        {
            int count = SectionHead.WriteResponse(_text, section);
            head.IsWhole = _stream.IsWhole;
            if (!head.TryRead(new ReadOnlySequence<byte>(_text.WrittenMemory), out _) || head.Fields.Length != count)
            {
                throw new ProtocolException(Peer.Upstream, "a head that is none");
            }
        }
        finally
        {
            Clear();
        }

        return true;
    }

    // Its length was watched over; what tells its end is the end of the stream.
    /// <inheritdoc/>
    public override BodySource BodyOf(ResponseHead head) => new(_stream!.Body, head.IsWhole ? default : new BodyLength(BodyKind.UntilClose), _stream);

    /// <inheritdoc/>
    public override Connection Upgrade() => throw new InvalidOperationException("A stream of HTTP/2 goes on with nothing else.");

    /// <inheritdoc/>
    public override void Abort()
    {
        _isAborted = true;
        _stream?.Reset(ErrorCode.CANCEL);
    }

    /// <inheritdoc/>
    public override void Release(Reuse reuse)
    {
        _stream?.Dispose();
        if (_isWaiting)
        {
            connection.Leave();
        }

        (_stream, _isTooLong, _isAborted, _isWaiting) = (null, false, false, false);
        Clear();
        connection.Return(this);
    }

    /// <inheritdoc/>
    public void Dispose() => _section.Dispose();

    // The real credential is in it, or a cookie.
    private void Clear()
    {
        _text.Clear();
        _section.Clear();
    }
}
