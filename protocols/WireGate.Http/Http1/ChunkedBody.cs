using WireGate.Core.Framing;

namespace WireGate.Http.Http1;

/// <summary>
/// Takes the chunks of a body apart (RFC 9112 section 7.1), byte by byte of what frames it and never of what it carries. Extensions are read
/// as strictly as sizes, and dropped: what one server skips another may take for the end.
/// </summary>
/// <param name="peer">Whose body it is.</param>
/// <param name="trailers">Get the fields behind the last chunk; null: nobody does.</param>
internal struct ChunkedBody(Peer peer, ChunkTrailers? trailers = null)
{
    /// <summary>Hexadecimal digits of a size.</summary>
    public const int MostDigits = 15;

    /// <summary>Bytes of all extensions of a body together.</summary>
    public const int MostExtensions = 4 * 1024;

    /// <summary>Bytes of its trailers.</summary>
    public const int MostTrailers = 8 * 1024;

    private Step _step;
    private long _left;
    private int _digits;
    private int _extensions;
    private int _trailers;

    private enum Step : byte
    {
        Size = 0,
        Extension,
        Quoted,
        Escaped,
        SizeEnd,
        Data,
        DataEnd,
        DataLineEnd,
        Trailer,
        TrailerName,
        TrailerValue,
        TrailerEnd,
        LastEnd,
        Done,
    }

    /// <summary>Its last byte was read.</summary>
    public readonly bool IsDone => _step == Step.Done;

    /// <summary>Reads up to the next run of what it carries.</summary>
    /// <param name="input">What has come behind what was read before.</param>
    /// <param name="data">A run of what it carries, borrowed from the input, which may go on; empty: there is none yet.</param>
    /// <returns>Bytes of the input that were read, the run included. Nothing and no data: more bytes are needed.</returns>
    /// <exception cref="ProtocolException">It can never be valid.</exception>
    public int Read(ReadOnlySpan<byte> input, out ReadOnlySpan<byte> data)
    {
        int at = 0;
        while (at < input.Length && _step != Step.Done)
        {
            if (_step == Step.Data)
            {
                int length = (int)Math.Min(_left, input.Length - at);
                data = input.Slice(at, length);
                _left -= length;
                _step = _left == 0 ? Step.DataEnd : Step.Data;
                return at + length;
            }

            Take(input[at++]);
        }

        data = default;
        return at;
    }

    // chunk          = chunk-size [ chunk-ext ] CRLF chunk-data CRLF
    // last-chunk     = 1*("0") [ chunk-ext ] CRLF
    // chunk-ext      = *( BWS ";" BWS chunk-ext-name [ BWS "=" BWS chunk-ext-val ] )
    // trailer-section = *( field-line CRLF )
    private void Take(byte b)
    {
        switch (_step)
        {
            case Step.Size:
                TakeSize(b);
                break;
            case Step.Extension or Step.Quoted or Step.Escaped:
                TakeExtension(b);
                break;
            case Step.SizeEnd:
                Expect(b, '\n');
                _step = _left > 0 ? Step.Data : Step.Trailer;
                _digits = 0;
                break;
            case Step.DataEnd:
                Expect(b, '\r');
                _step = Step.DataLineEnd;
                break;
            case Step.DataLineEnd:
                Expect(b, '\n');
                _step = Step.Size;
                break;
            case Step.LastEnd:
                Expect(b, '\n');
                _step = Step.Done;
                break;
            default:
                TakeTrailer(b);
                break;
        }
    }

    private void TakeSize(byte b)
    {
        int digit = HexDigit(b);
        if (digit >= 0)
        {
            if (++_digits > MostDigits)
            {
                ProtocolException.Throw(peer, $"a chunk size of more than {MostDigits} digits");
            }

            _left = (_left << 4) | (uint)digit;
            return;
        }

        if (_digits == 0 || (b != '\r' && b != ';'))
        {
            ProtocolException.Throw(peer, "a chunk size that is none");
        }

        _step = b == '\r' ? Step.SizeEnd : Step.Extension;
    }

    private void TakeExtension(byte b)
    {
        if (b == '\r' && _step == Step.Extension)
        {
            _step = Step.SizeEnd;
            return;
        }

        if ((b < 0x20 && b != '\t') || b >= 0x7f || ++_extensions > MostExtensions)
        {
            ProtocolException.Throw(peer, "a chunk extension that is none, or too long");
        }

        _step = _step switch
        {
            Step.Escaped => Step.Quoted,
            Step.Quoted => b == '"' ? Step.Extension : b == '\\' ? Step.Escaped : Step.Quoted,
            _ => b == '"' ? Step.Quoted : Step.Extension,
        };
    }

    private void TakeTrailer(byte b)
    {
        if (++_trailers > MostTrailers)
        {
            ProtocolException.Throw(peer, $"trailers of more than {MostTrailers} bytes");
        }

        bool isName = Grammar.Token.Contains(b);
        _step = _step switch
        {
            Step.Trailer when b == '\r' => Step.LastEnd,
            Step.Trailer or Step.TrailerName when isName => Step.TrailerName,
            Step.TrailerName when b == ':' => Step.TrailerValue,
            Step.TrailerValue when b == '\r' => Step.TrailerEnd,
            Step.TrailerValue when !Grammar.NotInValue.Contains(b) => Step.TrailerValue,
            Step.TrailerEnd when b == '\n' => Step.Trailer,
            _ => throw new ProtocolException(peer, "a trailer that is none"),
        };
        if (_step is Step.TrailerName or Step.TrailerValue)
        {
            trailers?.Take(b);
        }
        else if (_step == Step.Trailer)
        {
            trailers?.EndLine(peer);
        }
    }

    private readonly void Expect(byte b, char expected)
    {
        if (b != expected)
        {
            ProtocolException.Throw(peer, "a chunk that does not end where it says");
        }
    }

    private static int HexDigit(byte b) => b switch
    {
        >= (byte)'0' and <= (byte)'9' => b - '0',
        >= (byte)'a' and <= (byte)'f' => b - 'a' + 10,
        >= (byte)'A' and <= (byte)'F' => b - 'A' + 10,
        _ => -1,
    };
}
