namespace WireGate.Http.Masking;

/// <summary>
/// Masks server-sent events: the data of each as JSON, if it is an object or an array, else line by line as text, as all other lines are. What makes
/// lines and fields of it stays where it is, and no event waits for the next. Where members are hidden, data that is no JSON is none that could pass,
/// but for <c>[DONE]</c>, by which APIs end; nor is a line of a field that nobody knows, or one in which JSON may be, such as an error that is sent
/// without being an event.
/// </summary>
/// <param name="json">Masks data that is JSON.</param>
/// <param name="text">Masks what is not.</param>
/// <param name="needsMembers">Data without members must not pass.</param>
internal sealed class EventMask(JsonMask json, TextMask text, bool needsMembers)
{
    private const string NoData = "a line of events that is not their data may have members, which are masked";

    private static ReadOnlySpan<byte> DataField => "data"u8;

    private static ReadOnlySpan<byte> Done => "[DONE]"u8;

    private static ReadOnlySpan<byte> ByteOrderMark => [0xef, 0xbb, 0xbf];

    private At _at;
    private int _matched;

    // Of the field, another than data.
    private byte _first;
    private bool _isBehindReturn;
    private bool _isJson;
    private bool _isText;
    private string? _problem;

    /// <summary>Where in a line it is. The default begins the stream.</summary>
    private enum At : byte
    {
        Stream = 0,
        Line,
        Field,
        OtherField,
        Plain,
        Blank,
        Data,
        Bracket,
        Json,
        Text,
        Done,
    }

    /// <summary>Why the data of an event cannot be masked; null: it can, so far.</summary>
    public string? Problem => json.Problem ?? text.Problem ?? _problem;

    /// <summary>Another body begins.</summary>
    public void Reset()
    {
        (_at, _matched, _isBehindReturn, _isJson, _isText, _problem) = (At.Stream, 0, false, false, false, null);
        json.Reset();
        text.Reset();
    }

    /// <summary>Takes what comes next.</summary>
    public void Take(ReadOnlySpan<byte> data, MaskOutput output)
    {
        while (!data.IsEmpty && Problem is null)
        {
            if (data[0] == '\n' && _isBehindReturn)
            {
                _isBehindReturn = false;
                output.Write("\n"u8);
                data = data[1..];
                continue;
            }

            _isBehindReturn = false;
            int length = data.IndexOfAny((byte)'\r', (byte)'\n');
            ReadOnlySpan<byte> part = length < 0 ? data : data[..length];
            TakePart(part, output);
            if (length < 0 || Problem is not null)
            {
                return;
            }

            EndLine(output);
            if (Problem is null)
            {
                output.Write(data.Slice(length, 1));
            }

            _isBehindReturn = data[length] == '\r';
            data = data[(length + 1)..];
        }
    }

    /// <summary>Nothing follows.</summary>
    public void End(MaskOutput output)
    {
        EndLine(output);
        if (Problem is null && _isJson)
        {
            json.End();
        }
    }

    // Of one line.
    private void TakePart(ReadOnlySpan<byte> part, MaskOutput output)
    {
        while (!part.IsEmpty && Problem is null)
        {
            switch (_at)
            {
                case At.Json:
                    json.Take(part, output);
                    return;
                case At.Text:
                    text.Append(part, output);
                    return;
                case At.Plain:
                    int members = part.IndexOfAny("{[\""u8);
                    text.Append(members < 0 ? part : part[..members], output);
                    _problem = members < 0 ? null : NoData;
                    return;
                case At.Bracket:
                    // [DONE] is how some end, and no array.
                    Decide(part[0] is (byte)' ' or (byte)'\t' or (byte)'{' or (byte)'[' or (byte)']' or (byte)'"' or (byte)'-' or (byte)'t' or (byte)'f' or (byte)'n'
                        or (>= (byte)'0' and <= (byte)'9'));
                    TakePart("["u8, output);
                    continue;
                case At.Done:
                    TakeDone(part, output);
                    return;
                default:
                    byte b = part[0];
                    if (!Begin(b, out bool isTaken))
                    {
                        continue;
                    }

                    if (isTaken)
                    {
                        output.Write(part[..1]);
                    }

                    part = part[1..];
                    continue;
            }
        }
    }

    /// <summary>Takes a byte of a line's beginning.</summary>
    /// <returns>False: it is for what comes next.</returns>
    private bool Begin(byte b, out bool isTaken)
    {
        isTaken = true;
        switch (_at)
        {
            case At.Stream when b == ByteOrderMark[_matched]:
                // It may stand before the first line.
                _matched++;
                _at = _matched == ByteOrderMark.Length ? At.Line : At.Stream;
                return true;
            case At.Stream when _matched > 0:
                return PassLine();
            case At.Stream or At.Line:
                (_at, _matched) = (At.Field, 0);
                return false;
            case At.Field when _matched < DataField.Length && b == DataField[_matched]:
                _matched++;
                return true;
            case At.Field when _matched == DataField.Length && b == ':':
                // Behind [DONE] no more data may come.
                (_at, _matched) = (_isJson ? At.Json : !_isText ? At.Blank : needsMembers ? At.Done : At.Text, Done.Length);
                return true;
            case At.Field when needsMembers && _matched == 0 && b is (byte)':' or (byte)'e' or (byte)'i' or (byte)'r':
                (_at, _first) = (At.OtherField, b);
                return false;
            case At.OtherField when _matched < NameOf(_first).Length && b == NameOf(_first)[_matched]:
                _matched++;
                return true;
            case At.OtherField when _matched == NameOf(_first).Length && b == ':':
                _at = At.Plain;
                return true;
            case At.Field or At.OtherField:
                return PassLine();
            case At.Blank when b is (byte)' ' or (byte)'\t':
                return true;
            case At.Blank when b == '[':
                (_at, isTaken) = (At.Bracket, false);
                return true;
            default:
                Decide(b == '{');
                return false;
        }
    }

    // Of a comment there is no name.
    private static ReadOnlySpan<byte> NameOf(byte first) => first switch { (byte)'e' => "event"u8, (byte)'i' => "id"u8, (byte)'r' => "retry"u8, _ => default };

    /// <summary>The line is none that means something.</summary>
    private bool PassLine()
    {
        _at = At.Text;
        _problem = needsMembers ? NoData : null;
        return false;
    }

    // What the data of the event is.
    private void Decide(bool isJson)
    {
        (_isJson, _isText, _matched) = (isJson, !isJson, 0);
        _at = isJson ? At.Json : needsMembers ? At.Done : At.Text;
    }

    private void TakeDone(ReadOnlySpan<byte> part, MaskOutput output)
    {
        int length = part.CommonPrefixLength(Done[_matched..]);
        _matched += length;
        output.Write(part[..length]);
        _problem = length < part.Length ? "the data of an event is not JSON, of which members are masked" : null;
    }

    private void EndLine(MaskOutput output)
    {
        bool isBlank = _at is At.Line || (_at == At.Stream && _matched == 0);
        switch (_at)
        {
            case At.Bracket:
                Decide(isJson: true);
                json.Take("["u8, output);
                break;
            case At.Json:
                json.EndLine();
                break;
            case At.Text or At.Plain:
                text.EndLine(output);
                break;
            default:
                break;
        }

        if (isBlank && _isJson)
        {
            json.End();
        }

        (_isJson, _isText, _at) = isBlank ? (false, false, At.Line) : (_isJson, _isText, At.Line);
    }
}
