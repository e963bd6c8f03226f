using System.Buffers.Binary;
using System.Buffers.Text;
using System.Text;
using WireGate.Core.Framing;
using WireGate.Postgres.Messages;
using WireGate.Postgres.Upstream;

namespace WireGate.Postgres.Masking;

/// <summary>Takes a row of one of the results of a query, counted from 0.</summary>
internal delegate void RowHandler(int result, CatalogRow row);

/// <summary>What comes back for one query text, as it comes.</summary>
internal sealed class CatalogAnswer(RowHandler onRow)
{
    private int _result;

    /// <summary>The server waits for another query.</summary>
    public bool IsDone { get; private set; }

    /// <summary>SQLSTATE, or "" of an error that has none; null: it did not refuse.</summary>
    public string? Error { get; private set; }

    /// <summary>Reads whole messages.</summary>
    /// <exception cref="ProtocolException">The upstream broke the protocol.</exception>
    public void Read(ReadOnlySpan<byte> messages)
    {
        while (!messages.IsEmpty)
        {
            // Byte1 kind | Int32 length, itself included | body
            var kind = (BackendMessage)messages[0];
            int end = 1 + BinaryPrimitives.ReadInt32BigEndian(messages[1..]);
            ReadOnlySpan<byte> body = messages[5..end];
            messages = messages[end..];
            switch (kind)
            {
                case BackendMessage.DataRow:
                    onRow(_result, new CatalogRow(body));
                    break;
                case BackendMessage.CommandComplete:
                    _result++;
                    break;
                case BackendMessage.ErrorResponse:
                    Error = ErrorFields.Read(body, new UpstreamText("", null)).SqlState ?? "";
                    break;
                default:
                    IsDone |= kind == BackendMessage.ReadyForQuery;
                    break;
            }
        }
    }
}

/// <summary>The values of one row, one after the other. NULL is empty.</summary>
internal ref struct CatalogRow
{
    private PostgresReader _reader;

    public CatalogRow(ReadOnlySpan<byte> body)
    {
        // Int16 count | Int32 length or -1, bytes, each
        _reader = new PostgresReader(Peer.Upstream, body);
        _reader.ReadInt16();
    }

    public ReadOnlySpan<byte> Bytes()
    {
        int length = _reader.ReadInt32();
        return length < 0 ? [] : _reader.ReadBytes(length);
    }

    public uint Oid()
    {
        ReadOnlySpan<byte> text = Bytes();
        return Utf8Parser.TryParse(text, out uint oid, out int length) && length == text.Length ? oid : throw None();
    }

    public short Short()
    {
        ReadOnlySpan<byte> text = Bytes();
        return Utf8Parser.TryParse(text, out short number, out int length) && length == text.Length ? number : throw None();
    }

    public bool Flag() => Bytes().SequenceEqual("t"u8);

    public string Name(NamePool names) => names.Of(Bytes());

    private static ProtocolException None() => new(Peer.Upstream, "a catalog that is none");
}

/// <summary>Names, each of them once: a database has many columns called id.</summary>
internal sealed class NamePool
{
    private readonly HashSet<string> _names = new(StringComparer.Ordinal);
    private readonly HashSet<string>.AlternateLookup<ReadOnlySpan<char>> _lookup;

    public NamePool() => _lookup = _names.GetAlternateLookup<ReadOnlySpan<char>>();

    /// <summary>The name of these bytes of UTF-8.</summary>
    public string Of(ReadOnlySpan<byte> utf8)
    {
        // NAMEDATALEN is 64, unless a server was built otherwise.
        const int Usual = 64;
        if (utf8.Length > Usual)
        {
            return Encoding.UTF8.GetString(utf8);
        }

        Span<char> text = stackalloc char[Usual];
        text = text[..Encoding.UTF8.GetChars(utf8, text)];
        if (!_lookup.TryGetValue(text, out string? name))
        {
            name = text.ToString();
            _names.Add(name);
        }

        return name;
    }
}
