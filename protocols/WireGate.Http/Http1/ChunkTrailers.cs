using System.Text;
using WireGate.Core.Framing;
using WireGate.Http.Http2;

namespace WireGate.Http.Http1;

/// <summary>What may follow a body.</summary>
internal interface ITrailerSource
{
    /// <summary>The fields behind it; null: there are none. Known when the body has ended; valid until the message is over.</summary>
    FieldSection? Trailers { get; }
}

/// <summary>The fields behind the last chunk of a body (RFC 9112 section 7.1.2), names in lower case. For one body after the other.</summary>
internal sealed class ChunkTrailers : ITrailerSource, IDisposable
{
    private readonly FieldSection _section = new();
    private PooledBuffer _line;

    /// <inheritdoc/>
    public FieldSection? Trailers => _section.Fields.IsEmpty ? null : _section;

    /// <summary>Takes a byte of a field line, which has been found to be one.</summary>
    public void Take(byte b)
    {
        _line.GetMemory(1).Span[0] = b;
        _line.Advance(1);
    }

    /// <summary>A line has ended.</summary>
    /// <param name="peer">Whose it is.</param>
    /// <exception cref="ProtocolException">There are more than a message may have.</exception>
    public void EndLine(Peer peer)
    {
        if (_section.Fields.Length == MessageHead.MostFields)
        {
            ProtocolException.Throw(peer, $"more than {MessageHead.MostFields} trailers");
        }

        // field-line = field-name ":" OWS field-value OWS
        ReadOnlySpan<byte> line = _line.Bytes;
        int colon = line.IndexOf((byte)':');
        Span<byte> name = stackalloc byte[ChunkedBody.MostTrailers];
        Ascii.ToLower(line[..colon], name, out int length);
        _section.Add(name[..length], Grammar.Trim(line[(colon + 1)..]));
        _line.Clear();
    }

    /// <summary>Gives its memory back; those of another body may be read.</summary>
    public void Clear()
    {
        _line.Clear();
        _section.Clear();
    }

    /// <summary>The same as <see cref="Clear"/>.</summary>
    public void Dispose() => Clear();
}
