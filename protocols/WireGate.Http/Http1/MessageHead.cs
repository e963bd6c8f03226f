using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using WireGate.Core.Framing;
using WireGate.Core.Transport;

namespace WireGate.Http.Http1;

/// <summary>
/// The head of a message: its start line and its fields, as they came, and what they say of its body (RFC 9112). It owns a copy of its bytes
/// from <see cref="TryRead"/> to <see cref="Clear"/>; spans of it are valid that long. Used for one message after the other.
/// </summary>
/// <param name="peer">Whose messages these are.</param>
internal abstract partial class MessageHead(Peer peer) : IDisposable
{
    /// <summary>Field lines. Kestrel, Apache and Go's proxies take 100.</summary>
    public const int MostFields = 100;

    // Options in all lines of Connection, empty ones included: each other field is looked for among all of them. There are 14 that are known to mean
    // something (close, and the names in HopByHop); no client is known to send more than four.
    private const int MostOptions = 32;

    /// <summary>Bad Request, or what else refused it.</summary>
    protected const int BadRequest = 400;

    // Room for more is taken when there are more: some hundred heads are read at the same time.
    private const int UsualFields = 16;

    private HeadScan _scan = new(peer);
    private byte[]? _bytes;
    private FieldLine[]? _lines;
    private int _status = BadRequest;
    private bool _isChunked;
    private bool _keepsAlive;
    private int _options;

    /// <summary>What an HTTP client is told of a head that <see cref="TryRead"/> threw at.</summary>
    public int Status => _scan.IsTooLong ? 431 : _status;

    /// <summary>All of it, the empty line included.</summary>
    public ReadOnlySpan<byte> Bytes => _bytes.AsSpan(0, Length);

    /// <summary>Bytes of it.</summary>
    public int Length { get; private set; }

    /// <summary>The same, to be overwritten by as many bytes that mean nothing.</summary>
    public Span<byte> Writable => _bytes.AsSpan(0, Length);

    /// <summary>Its field lines, in their order.</summary>
    public ReadOnlySpan<FieldLine> Fields => _lines.AsSpan(0, FieldCount);

    /// <summary>HTTP/1.0: no chunks, and no second message unless it asks for that.</summary>
    public bool IsHttp10 { get; private set; }

    /// <summary>The peer takes, or sends, no other message on the connection.</summary>
    public bool IsLast { get; private set; }

    /// <summary>Where its body ends.</summary>
    public BodyLength Body { get; private protected set; }

    /// <summary>Its Content-Length, which also a message without a body may have; null: none.</summary>
    public long? ContentLength { get; private set; }

    /// <summary>Options of Connection that name fields, which end here.</summary>
    public bool Nominates { get; private set; }

    /// <summary>Connection: upgrade.</summary>
    public bool AsksUpgrade { get; private set; }

    private int FieldCount { get; set; }

    /// <summary>Takes a whole head off the front of a buffer.</summary>
    /// <param name="buffer">All of what has come since the head before it.</param>
    /// <param name="consumed">Behind it; the buffer's start when there is none yet.</param>
    /// <returns>False: more bytes are needed, and nothing was consumed.</returns>
    /// <exception cref="ProtocolException">It can never be valid.</exception>
    public bool TryRead(in ReadOnlySequence<byte> buffer, out SequencePosition consumed)
    {
        consumed = buffer.Start;
        if (!_scan.TryFind(buffer, out int length))
        {
            return false;
        }

        Length = length - _scan.Start;
        _bytes = LoopArrays.Rent<byte>(Length);
        _lines = LoopArrays.Rent<FieldLine>(UsualFields);
        buffer.Slice(_scan.Start, Length).CopyTo(_bytes);
        ReadOnlySpan<byte> head = Bytes;
        int end = head.IndexOf((byte)'\n') - 1;
        ReadStartLine(head[..end], _scan.Start > 0);
        ReadFields(end + 2);
        IsLast |= IsHttp10 && !_keepsAlive;
        Body = BodyOf(_isChunked);
        consumed = buffer.GetPosition(length);
        return true;
    }

    /// <summary>Gives its memory back; another head may be read.</summary>
    public virtual void Clear()
    {
        if (_bytes is not null)
        {
            // A placeholder, or a cookie, may be in it.
            LoopArrays.Return(_bytes, clear: true);
            _bytes = null;
        }

        if (_lines is not null)
        {
            LoopArrays.Return(_lines);
            _lines = null;
        }

        _scan = new HeadScan(peer);
        (_status, _isChunked, ContentLength, _keepsAlive, _options) = (BadRequest, false, null, false, 0);
        (Length, FieldCount, IsHttp10, IsLast, Body, Nominates, AsksUpgrade) = (0, 0, false, false, default, false, false);
    }

    /// <summary>The same as <see cref="Clear"/>.</summary>
    public void Dispose() => Clear();

    /// <summary>The name of a field, as it came.</summary>
    public ReadOnlySpan<byte> Name(in FieldLine field) => _bytes.AsSpan(field.NameStart, field.NameLength);

    /// <summary>The value of a field, without blanks around it.</summary>
    public ReadOnlySpan<byte> Value(in FieldLine field) => _bytes.AsSpan(field.ValueStart, field.ValueLength);

    /// <summary>The value of the first field of a name.</summary>
    /// <returns>False: there is none.</returns>
    public bool TryGet(FieldName name, out ReadOnlySpan<byte> value)
    {
        foreach (ref readonly FieldLine field in Fields)
        {
            if (field.Name == name)
            {
                value = Value(field);
                return true;
            }
        }

        value = default;
        return false;
    }

    /// <summary>Whether Connection names a field, which then is the connection's, and ends here.</summary>
    public bool IsNominated(ReadOnlySpan<byte> name)
    {
        if (Nominates)
        {
            foreach (ref readonly FieldLine field in Fields)
            {
                if (field.Name == FieldName.Connection && HasElement(Value(field), name))
                {
                    return true;
                }
            }
        }

        return false;
    }

    /// <summary>Reads the line that it begins with.</summary>
    /// <param name="line">Without CRLF; borrowed from <see cref="Bytes"/>, at their beginning.</param>
    /// <param name="isLate">Empty lines were before it.</param>
    protected abstract void ReadStartLine(ReadOnlySpan<byte> line, bool isLate);

    /// <summary>Looks at a field that this kind of message has a meaning for.</summary>
    protected abstract void Note(FieldName name, ReadOnlySpan<byte> value);

    /// <summary>Which name it is.</summary>
    protected virtual FieldName NameOf(ReadOnlySpan<byte> name) => FieldNames.Of(name);

    /// <summary>Says where the body ends.</summary>
    protected abstract BodyLength BodyOf(bool isChunked);

    /// <summary>HTTP-version = "HTTP/" DIGIT "." DIGIT</summary>
    protected void ReadVersion(ReadOnlySpan<byte> version)
    {
        if (!version.SequenceEqual("HTTP/1.1"u8))
        {
            IsHttp10 = version.SequenceEqual("HTTP/1.0"u8);
            if (!IsHttp10)
            {
                bool isVersion = version.Length == 8 && version.StartsWith("HTTP/"u8) && char.IsAsciiDigit((char)version[5])
                    && version[6] == '.' && char.IsAsciiDigit((char)version[7]);
                Refuse("a version of HTTP other than 1.0 and 1.1", isVersion ? 505 : BadRequest);
            }
        }
    }

    /// <summary>It can never be valid.</summary>
    /// <exception cref="ProtocolException">Always.</exception>
    [DoesNotReturn]
    protected void Refuse(string why, int status = BadRequest)
    {
        _status = status;
        ProtocolException.Throw(peer, why);
    }

    /// <summary>#element: whether a list has a token, in whatever case.</summary>
    protected static bool HasElement(ReadOnlySpan<byte> list, ReadOnlySpan<byte> token)
    {
        foreach (Range element in list.Split((byte)','))
        {
            if (Ascii.EqualsIgnoreCase(Grammar.Trim(list[element]), token))
            {
                return true;
            }
        }

        return false;
    }
}
