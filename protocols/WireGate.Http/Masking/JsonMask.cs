namespace WireGate.Http.Masking;

/// <summary>
/// Masks JSON as it streams by: values of members by their paths, and what detectors find in strings. Everything else passes byte for byte. It reads
/// by RFC 8259 and nothing beside: what another reader might take for something else is the end of it. Values may follow each other.
/// </summary>
/// <param name="paths">Which members are hidden.</param>
/// <param name="search">What is looked for in strings.</param>
/// <param name="hidden">Makes what stands in place of a value.</param>
internal sealed partial class JsonMask(PathSet paths, TextSearch search, HiddenText hidden)
{
    /// <summary>Objects and arrays within each other.</summary>
    public const int MostDepth = 128;

    private const byte RecordSeparator = 0x1e;

    private readonly ulong[] _states = new ulong[(MostDepth + 2) * paths.Words];
    private readonly bool[] _isArray = new bool[MostDepth + 1];
    private ulong[]? _name;
    private int _depth;
    private At _at;

    // Of a number, what came last; of a word, which, and how much of it.
    private NumberPart _number;
    private byte _word;
    private int _wordLength;

    // Nothing passes of a value that is hidden, which ends where this depth is reached again; negative: nothing is hidden.
    private int _hiddenDepth = -1;

    // Whether what comes passes as it is.
    private bool _passes = true;

    /// <summary>What must come next, or is being read. The default begins a document.</summary>
    private enum At : byte
    {
        Document = 0,
        Value,
        ValueOrEnd,
        Name,
        NameOrEnd,
        Colon,
        Next,
        Text,
        Number,
        Word,
    }

    private enum NumberPart : byte
    {
        Minus = 0,
        Zero,
        Integer,
        Dot,
        Fraction,
        E,
        ESign,
        Exponent,
    }

    /// <summary>Why what came is not JSON; null: it is, so far.</summary>
    public string? Problem { get; private set; }

    private bool IsHidden => _hiddenDepth >= 0;

    /// <summary>Another body begins.</summary>
    public void Reset()
    {
        (_at, _depth, _hiddenDepth, _passes, _name, Problem) = (At.Document, 0, -1, true, null, null);
        (_kept, _escapeLeft, _utf8) = (0, 0, default);
        search.Reset();
    }

    /// <summary>Takes what comes next.</summary>
    /// <param name="data">Cut anywhere.</param>
    /// <param name="output">Gets what may be seen. Once there is a <see cref="Problem"/>, what came before it.</param>
    public void Take(ReadOnlySpan<byte> data, MaskOutput output)
    {
        int at = 0, from = 0;
        while (at < data.Length && Problem is null)
        {
            at = _at switch
            {
                At.Text => TakeText(data, at, ref from, output),
                At.Number => TakeNumber(data, at, ref from),
                At.Word => TakeWord(data, at, ref from),
                _ => TakeMark(data, at, ref from, output),
            };
        }

        if (_passes && Problem is null)
        {
            output.Write(data[from..]);
        }
        else if (_passes)
        {
            output.Write(data[from..Math.Max(from, at)]);
        }
    }

    /// <summary>The line ends, which is written by somebody else.</summary>
    public void EndLine()
    {
        if (_at == At.Number)
        {
            int from = 0;
            TakeNumber("\n"u8, 0, ref from);
        }
        else if (_at is At.Text or At.Word)
        {
            Refuse("a line ends within a string");
        }
    }

    /// <summary>Nothing follows: of a value that has begun there must be all.</summary>
    public void End()
    {
        EndLine();
        if (Problem is null && _at != At.Document)
        {
            Refuse("it ends within a value");
        }
    }

    private Span<ulong> StateAt(int depth) => _states.AsSpan(depth * paths.Words, paths.Words);

    private int Refuse(string why)
    {
        Problem ??= $"JSON that is none: {why}";
        return 0;
    }

    // What is neither string, number nor word.
    private int TakeMark(ReadOnlySpan<byte> data, int at, ref int from, MaskOutput output)
    {
        byte b = data[at];
        if (b is (byte)' ' or (byte)'\n' or (byte)'\r' or (byte)'\t' || (b == RecordSeparator && _at == At.Document))
        {
            return at + 1;
        }

        switch (_at)
        {
            case At.Colon when b == ':':
                _at = At.Value;
                return at + 1;
            case At.Next when b == ',':
                _at = _isArray[_depth] ? At.Value : At.Name;
                return at + 1;
            case At.Next or At.ValueOrEnd when b == ']' && _isArray[_depth]:
            case At.Next or At.NameOrEnd when b == '}' && !_isArray[_depth]:
                _depth--;
                EndValue(at + 1, ref from);
                return at + 1;
            case At.Name or At.NameOrEnd when b == '"':
                BeginText(TextUse.Name);
                return at + 1;
            case At.Document or At.Value or At.ValueOrEnd:
                return BeginValue(data, at, ref from, output);
            default:
                return Stop(at, "a byte that cannot stand where it stands");
        }
    }

    private int BeginValue(ReadOnlySpan<byte> data, int at, ref int from, MaskOutput output)
    {
        byte b = data[at];
        Span<ulong> state = StateAt(_depth + 1);
        Replacement? replacement = null;
        if (_depth == 0)
        {
            paths.Root.CopyTo(state);
        }
        else if (!IsHidden)
        {
            replacement = paths.Step(StateAt(_depth), _isArray[_depth] ? null : _name, state);
        }

        _name = null;
        if (replacement is not null && b != 'n')
        {
            output.Write(data[from..at]);
            (_hiddenDepth, _passes) = (_depth, false);
            bool isShown = b == '"' && replacement.Style != Core.Configuration.MaskStyle.Null;
            output.Write(isShown ? "\""u8 : "null"u8);
            hidden.Begin(replacement);
            _readsHidden = isShown && replacement.ReadsText;
            _writesHidden = isShown;
        }

        switch (b)
        {
            case (byte)'"':
                BeginText(replacement is not null ? TextUse.Hidden : IsHidden || search.IsIdle ? TextUse.Passed : TextUse.Searched);
                return at + 1;
            case (byte)'{' or (byte)'[':
                if (_depth == MostDepth)
                {
                    return Stop(at, $"values within each other more than {MostDepth} deep");
                }

                _isArray[++_depth] = b == '[';
                _at = b == '[' ? At.ValueOrEnd : At.NameOrEnd;
                return at + 1;
            case (byte)'t' or (byte)'f' or (byte)'n':
                (_at, _word, _wordLength) = (At.Word, b, 1);
                return at + 1;
            case (byte)'-' or (>= (byte)'0' and <= (byte)'9'):
                (_at, _number) = (At.Number, b switch { (byte)'-' => NumberPart.Minus, (byte)'0' => NumberPart.Zero, _ => NumberPart.Integer });
                return at + 1;
            default:
                return Stop(at, "a byte that begins no value");
        }
    }

    private void EndValue(int at, ref int from)
    {
        _at = _depth == 0 ? At.Document : At.Next;
        if (_depth == _hiddenDepth)
        {
            (_hiddenDepth, _passes, from) = (-1, true, at);
        }
    }

    private int TakeWord(ReadOnlySpan<byte> data, int at, ref int from)
    {
        ReadOnlySpan<byte> word = _word switch { (byte)'t' => "true"u8, (byte)'f' => "false"u8, _ => "null"u8 };
        for (; at < data.Length && _wordLength < word.Length; at++)
        {
            if (data[at] != word[_wordLength++])
            {
                return Stop(at, "a word other than true, false and null");
            }
        }

        if (_wordLength == word.Length)
        {
            EndValue(at, ref from);
        }

        return at;
    }

    // number = [ "-" ] int [ frac ] [ exp ]
    private int TakeNumber(ReadOnlySpan<byte> data, int at, ref int from)
    {
        for (; at < data.Length; at++)
        {
            byte b = data[at];
            bool isDigit = b is >= (byte)'0' and <= (byte)'9';
            NumberPart? next = _number switch
            {
                NumberPart.Minus when isDigit => b == '0' ? NumberPart.Zero : NumberPart.Integer,
                NumberPart.Integer when isDigit => NumberPart.Integer,
                NumberPart.Zero or NumberPart.Integer when b == '.' => NumberPart.Dot,
                NumberPart.Dot or NumberPart.Fraction when isDigit => NumberPart.Fraction,
                NumberPart.Zero or NumberPart.Integer or NumberPart.Fraction when (b | 0x20) == 'e' => NumberPart.E,
                NumberPart.E when b is (byte)'+' or (byte)'-' => NumberPart.ESign,
                NumberPart.E or NumberPart.ESign or NumberPart.Exponent when isDigit => NumberPart.Exponent,
                _ => null,
            };
            if (next is null)
            {
                bool isWhole = _number is NumberPart.Zero or NumberPart.Integer or NumberPart.Fraction or NumberPart.Exponent;
                if (!isWhole || b is not ((byte)' ' or (byte)'\n' or (byte)'\r' or (byte)'\t' or (byte)',' or (byte)']' or (byte)'}' or RecordSeparator))
                {
                    return Stop(at, "a number that is none");
                }

                EndValue(at, ref from);
                return at;
            }

            _number = next.Value;
        }

        return at;
    }

    private int Stop(int at, string why)
    {
        Refuse(why);
        return at;
    }
}
