using System.Buffers;
using WireGate.Core.Framing;

namespace WireGate.Http.Http1;

/// <summary>
/// Finds the empty line that ends a head, looking at each byte once however they come: whoever sends one at a time costs no more than
/// whoever sends all. Lines end with CRLF and with nothing else (RFC 9112 section 2.2 lets a recipient take a bare LF; what one of two takes
/// for a line and the other does not is how requests are smuggled).
/// </summary>
/// <param name="peer">Whose head it is.</param>
internal struct HeadScan(Peer peer)
{
    /// <summary>Bytes of a whole head: nginx takes four times 8 KiB, Kestrel 32 KiB.</summary>
    public const int MostBytes = 32 * 1024;

    // A server SHOULD ignore at least one empty line before the request line (RFC 9112 section 2.2).
    private const int MostEmpty = 1;

    private int _scanned;
    private int _line;
    private int _empty;
    private byte _last;

    /// <summary>Bytes of empty lines before the head.</summary>
    public int Start { get; private set; }

    /// <summary>Looks further.</summary>
    /// <param name="buffer">All of what has come since the head began, also what was looked at before.</param>
    /// <param name="length">Bytes up to behind the empty line that ends it, <see cref="Start"/> included.</param>
    /// <returns>False: more bytes are needed.</returns>
    /// <exception cref="ProtocolException">A line does not end with CRLF, or it is too long: <see cref="IsTooLong"/>.</exception>
    public bool TryFind(in ReadOnlySequence<byte> buffer, out int length)
    {
        // An alert, or a handshake.
        if (_scanned == 0 && buffer.FirstSpan is [0x15 or 0x16, ..])
        {
            ProtocolException.Throw(peer, peer == Peer.Client ? "it speaks TLS, and the listener does not: is it http://?" : "it speaks TLS: is it https://?");
        }

        foreach (ReadOnlyMemory<byte> segment in buffer.Slice(_scanned))
        {
            ReadOnlySpan<byte> rest = segment.Span;
            int end;
            while ((end = rest.IndexOf((byte)'\n')) >= 0)
            {
                byte before = end > 0 ? rest[end - 1] : _last;
                _line += end;
                _scanned += end + 1;
                _last = (byte)'\n';
                rest = rest[(end + 1)..];
                CheckLength();
                if (_line == 0 || before != '\r')
                {
                    ProtocolException.Throw(peer, "a line that ends with LF alone");
                }

                if (_line > 1)
                {
                    _line = 0;
                    continue;
                }

                if (_scanned > Start + 2)
                {
                    length = _scanned;
                    return true;
                }

                if (++_empty > MostEmpty)
                {
                    ProtocolException.Throw(peer, "empty lines before a message");
                }

                (Start, _line) = (_scanned, 0);
            }

            if (!rest.IsEmpty)
            {
                _line += rest.Length;
                _scanned += rest.Length;
                _last = rest[^1];
                CheckLength();
            }
        }

        length = 0;
        return false;
    }

    /// <summary>It is longer than any may be.</summary>
    public readonly bool IsTooLong => _scanned - Start > MostBytes;

    private readonly void CheckLength()
    {
        if (IsTooLong)
        {
            ProtocolException.Throw(peer, $"a head of more than {MostBytes} bytes");
        }
    }
}
