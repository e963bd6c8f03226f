using System.Text;
using WireGate.Core.Transport;

namespace WireGate.Http.Http1;

/// <content>The field lines.</content>
internal abstract partial class MessageHead
{
    private void ReadFields(int at)
    {
        ReadOnlySpan<byte> head = Bytes;
        while (true)
        {
            ReadOnlySpan<byte> rest = head[at..];
            int end = rest.IndexOf((byte)'\n') - 1;
            if (end == 0)
            {
                return;
            }

            ReadField(rest[..end], at);
            at += end + 2;
        }
    }

    // field-line = field-name ":" OWS field-value OWS
    private void ReadField(ReadOnlySpan<byte> line, int at)
    {
        int colon = line.IndexOf((byte)':');
        if (colon <= 0 || line[..colon].ContainsAnyExcept(Grammar.Token))
        {
            Refuse(line[0] is (byte)' ' or (byte)'\t' ? "a folded line, or one that begins with a blank" : "a line that is no field");
        }

        ReadOnlySpan<byte> value = line[(colon + 1)..];
        if (value.ContainsAny(Grammar.NotInValue))
        {
            Refuse("a control character in a field");
        }

        if (FieldCount == MostFields)
        {
            Refuse($"more than {MostFields} fields", status: 431);
        }

        int start = value.IndexOfAnyExcept(" \t"u8);
        start = start < 0 ? value.Length : start;
        value = Grammar.Trim(value);
        ReadOnlySpan<byte> text = line[..colon];
        FieldName name = NameOf(text);
        if (FieldCount == _lines!.Length)
        {
            FieldLine[] lines = LoopArrays.Rent<FieldLine>(2 * FieldCount);
            Fields.CopyTo(lines);
            LoopArrays.Return(_lines);
            _lines = lines;
        }

        _lines[FieldCount++] = new FieldLine(name, (ushort)at, (ushort)colon, (ushort)(at + colon + 1 + start), (ushort)value.Length);
        switch (name)
        {
            case FieldName.ContentLength:
                ReadContentLength(value);
                break;
            case FieldName.TransferEncoding:
                ReadTransferEncoding(value);
                break;
            case FieldName.Connection:
                ReadConnection(value);
                break;
            default:
                Note(name, value);
                break;
        }
    }

    // RFC 9112 section 6.3 lets a recipient take one number that comes twice. Not every recipient does.
    private void ReadContentLength(ReadOnlySpan<byte> value)
    {
        if (ContentLength is not null || _isChunked || !Grammar.TryReadNumber(value, out long length))
        {
            Refuse("a length of the body that is none, or a second one");
            return;
        }

        ContentLength = length;
    }

    // The only coding that says where a body ends, and the only one that this gateway lets others put on the way.
    private void ReadTransferEncoding(ReadOnlySpan<byte> value)
    {
        if (ContentLength is not null || _isChunked || IsHttp10)
        {
            Refuse("a length of the body that is none, or a second one");
        }

        if (!Ascii.EqualsIgnoreCase(value, "chunked"u8))
        {
            int last = value.LastIndexOf((byte)',');
            bool isUnknown = last > 0 && Ascii.EqualsIgnoreCase(Grammar.Trim(value[(last + 1)..]), "chunked"u8)
                && !value[..last].ContainsAnyExcept(Grammar.Token);
            Refuse("a transfer coding other than chunked", isUnknown ? 501 : BadRequest);
        }

        _isChunked = true;
    }

    // Connection = #connection-option (RFC 9110 section 7.6.1). Who names a field there has it dropped on the way: one that a gateway
    // writes, or decides by, is nobody's to drop.
    private void ReadConnection(ReadOnlySpan<byte> value)
    {
        foreach (Range element in value.Split((byte)','))
        {
            if (++_options > MostOptions)
            {
                Refuse($"more than {MostOptions} Connection options");
            }

            ReadOnlySpan<byte> option = Grammar.Trim(value[element]);
            if (option.IsEmpty)
            {
                continue;
            }

            if (option.ContainsAnyExcept(Grammar.Token))
            {
                Refuse("a Connection option that is none");
            }

            if (Ascii.EqualsIgnoreCase(option, "close"u8))
            {
                IsLast = true;
                continue;
            }

            if (Ascii.EqualsIgnoreCase(option, "keep-alive"u8))
            {
                _keepsAlive = true;
                continue;
            }

            FieldName name = NameOf(option);
            AsksUpgrade |= name == FieldName.Upgrade;
            Nominates |= name == FieldName.Other;
            if (name != FieldName.Other && !HopByHop.Is(name))
            {
                Refuse("a Connection option that names a field which is not the connection's");
            }
        }
    }
}
