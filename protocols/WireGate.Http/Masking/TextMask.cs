namespace WireGate.Http.Masking;

/// <summary>
/// Masks a text by form, line by line, whatever pieces it comes in. Of a line that has not ended at most a window is kept back, until it ends. Line
/// ends pass, whatever they stand in, so that what is made of lines stays so.
/// </summary>
/// <param name="search">What is looked for.</param>
/// <param name="hidden">Makes what stands in place of what is found.</param>
internal sealed class TextMask(TextSearch search, HiddenText hidden)
{
    private byte[] _line = [];
    private int _kept;

    /// <summary>Why nothing more can pass; null: it can.</summary>
    public string? Problem { get; private set; }

    /// <summary>Another text begins.</summary>
    public void Reset()
    {
        (_kept, Problem) = (0, null);
        search.Reset();
    }

    /// <summary>Takes more of the text, lines and their ends.</summary>
    public void Take(ReadOnlySpan<byte> data, MaskOutput output)
    {
        while (data.IndexOf((byte)'\n') is >= 0 and var newLine)
        {
            Append(data[..newLine], output);
            if (Problem is not null)
            {
                return;
            }

            EndLine(output);
            output.Write("\n"u8);
            data = data[(newLine + 1)..];
        }

        Append(data, output);
    }

    /// <summary>Takes more of a line.</summary>
    public void Append(ReadOnlySpan<byte> data, MaskOutput output)
    {
        // In UTF-16 and UTF-32 what detectors look for has one in each character; whoever reads it would know, by its mark or by guessing.
        if (data.Contains((byte)0))
        {
            Problem = "its characters are others than those of UTF-8";
        }

        if (Problem is not null)
        {
            return;
        }

        _line = _line.Length == 0 && !data.IsEmpty ? new byte[TextSearch.Window] : _line;
        while (!data.IsEmpty)
        {
            if (_kept == TextSearch.Window)
            {
                Show(_kept - TextSearch.Overlap, isEnd: false, output);
            }

            ReadOnlySpan<byte> part = data[..Math.Min(data.Length, TextSearch.Window - _kept)];
            part.CopyTo(_line.AsSpan(_kept));
            _kept += part.Length;
            data = data[part.Length..];
        }
    }

    /// <summary>The line ends.</summary>
    public void EndLine(MaskOutput output)
    {
        if (Problem is null)
        {
            Show(_kept, isEnd: true, output);
        }
    }

    private void Show(int length, bool isEnd, MaskOutput output)
    {
        ReadOnlySpan<byte> line = _line.AsSpan(0, _kept);
        int at = 0;
        foreach (ref readonly Find find in search.Look(line, length, isEnd))
        {
            output.Write(line[at..Math.Max(at, Math.Min(find.Start, length))]);
            if (find.Replacement is { } replacement)
            {
                hidden.Begin(replacement);
                hidden.Append(line[find.Start..find.End]);
                hidden.WriteTo(output, isEscaped: false);
            }

            at = Math.Min(find.End, length);
        }

        output.Write(line[at..length]);
        line[length..].CopyTo(_line);
        _kept -= length;
    }
}
