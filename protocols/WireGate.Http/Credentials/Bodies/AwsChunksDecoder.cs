using WireGate.Core.Framing;
using WireGate.Http.Http1;

namespace WireGate.Http.Credentials.Bodies;

/// <summary>Takes apart the chunks into which SDKs of AWS put a body, with a digest behind it: they are framed as those of HTTP/1.1 are.</summary>
/// <param name="within">Decodes what they carry; null: nothing has to.</param>
internal sealed class AwsChunksDecoder(BodyDecoder? within) : BodyDecoder
{
    private ChunkedBody _chunks = new(Peer.Client);
    private ReadOnlyMemory<byte> _piece;
    private ReadOnlyMemory<byte> _run;

    /// <inheritdoc/>
    public override bool HasMore => !_piece.IsEmpty || within is { HasMore: true };

    /// <inheritdoc/>
    public override string? Problem => within?.Problem;

    /// <inheritdoc/>
    public override void Give(ReadOnlyMemory<byte> piece) => _piece = piece;

    /// <inheritdoc/>
    public override int Read(Span<byte> output)
    {
        while (true)
        {
            int count = within is null ? Copy(output) : within.Read(output);
            if (count > 0 || within is { HasMore: true } || Problem is not null || _piece.IsEmpty || _chunks.IsDone)
            {
                return count;
            }

            Next();
        }
    }

    /// <inheritdoc/>
    public override void Dispose() => within?.Dispose();

    private int Copy(Span<byte> output)
    {
        int count = Math.Min(_run.Length, output.Length);
        _run.Span[..count].CopyTo(output);
        _run = _run[count..];
        return count;
    }

    private void Next()
    {
        try
        {
            int taken = _chunks.Read(_piece.Span, out ReadOnlySpan<byte> data);
            _run = _piece.Slice(taken - data.Length, data.Length);
            _piece = _piece[taken..];
        }
        catch (ProtocolException e)
        {
            throw new InvalidDataException(e.Message);
        }

        if (!_run.IsEmpty)
        {
            within?.Give(_run);
        }
    }
}
