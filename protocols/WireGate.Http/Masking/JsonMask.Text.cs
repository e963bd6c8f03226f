using System.Buffers;

namespace WireGate.Http.Masking;

/// <content>Strings: names, and values that pass, are looked through or are hidden.</content>
internal sealed partial class JsonMask
{
    private static readonly SearchValues<byte> Plain = SearchValues.Create(
        [.. Enumerable.Range(0x20, 0x60).Select(b => (byte)b).Where(b => b is not ((byte)'"' or (byte)'\\'))]);

    // Of the string's text, as it is written: a name, the end of what is looked through, or an escape that is not whole.
    private readonly byte[] _raw = new byte[TextSearch.Window];
    private readonly byte[] _text = new byte[TextSearch.Window];
    private int _kept;
    private bool _isNameTooLong;

    private TextUse _use;
    private bool _isName;
    private bool _readsHidden;
    private bool _writesHidden;
    private bool _hasEscapes;

    // Of an escape so many bytes are missing: one behind the backslash, four behind a u.
    private int _escapeLeft;
    private bool _isCode;
    private Utf8Check _utf8;

    /// <summary>What a string is for.</summary>
    private enum TextUse : byte
    {
        /// <summary>What it says is nobody's business.</summary>
        Passed = 0,

        /// <summary>It names a member.</summary>
        Name,

        /// <summary>Detectors look at it.</summary>
        Searched,

        /// <summary>Something else stands in its place.</summary>
        Hidden,
    }

    private void BeginText(TextUse use)
    {
        _isName = use == TextUse.Name;
        (_at, _use, _kept, _hasEscapes, _escapeLeft, _isNameTooLong) = (At.Text, _isName && IsHidden ? TextUse.Passed : use, 0, false, 0, false);
    }

    private int TakeText(ReadOnlySpan<byte> data, int at, ref int from, MaskOutput output)
    {
        int start = at;
        while (at < data.Length)
        {
            byte b = data[at];
            if (_escapeLeft > 0 || _utf8.IsWithin || b >= 0x80)
            {
                if (!(_escapeLeft > 0 ? TakeEscape(b) : _utf8.Take(b)))
                {
                    return StopText(at, ref from, data, start, output, "a string with what cannot be in one");
                }

                at++;
                continue;
            }

            int plain = data[at..].IndexOfAnyExcept(Plain);
            at = plain < 0 ? data.Length : at + plain;
            if (at == data.Length || data[at] >= 0x80)
            {
                continue;
            }

            switch (data[at])
            {
                case (byte)'"':
                    EndText(data, start, at, ref from, output);
                    return at + 1;
                case (byte)'\\':
                    (_escapeLeft, _isCode, _hasEscapes) = (1, false, true);
                    at++;
                    break;
                default:
                    return StopText(at, ref from, data, start, output, "a control character in a string");
            }
        }

        Keep(data, start, at, ref from, output);
        return at;
    }

    // What was not looked at yet does not pass.
    private int StopText(int at, ref int from, ReadOnlySpan<byte> data, int start, MaskOutput output, string why)
    {
        if (_use == TextUse.Searched && _passes)
        {
            output.Write(data[from..start]);
            (_passes, from) = (false, start);
        }

        return Stop(at, why);
    }

    private bool TakeEscape(byte b)
    {
        _escapeLeft--;
        if (_isCode)
        {
            return b is (>= (byte)'0' and <= (byte)'9') or (>= (byte)'a' and <= (byte)'f') or (>= (byte)'A' and <= (byte)'F');
        }

        (_isCode, _escapeLeft) = (b == 'u', b == 'u' ? 4 : 0);
        return b is (byte)'u' or (byte)'"' or (byte)'\\' or (byte)'/' or (byte)'b' or (byte)'f' or (byte)'n' or (byte)'r' or (byte)'t';
    }

    // The string goes on behind what is there.
    private void Keep(ReadOnlySpan<byte> data, int start, int end, ref int from, MaskOutput output)
    {
        ReadOnlySpan<byte> run = data[start..end];
        switch (_use)
        {
            case TextUse.Name:
                KeepName(run);
                break;
            case TextUse.Hidden when _readsHidden:
                AppendHidden(run);
                break;
            case TextUse.Searched:
                if (_passes)
                {
                    output.Write(data[from..start]);
                    _passes = false;
                }

                AppendSearched(run, output);
                break;
            default:
                break;
        }
    }

    private void EndText(ReadOnlySpan<byte> data, int start, int end, ref int from, MaskOutput output)
    {
        ReadOnlySpan<byte> run = data[start..end];
        switch (_use)
        {
            case TextUse.Name:
                FindName(run);
                break;
            case TextUse.Hidden:
                EndHidden(run, output);
                break;
            case TextUse.Searched when _passes && run.Length <= TextSearch.Window:
                Show(run, isEnd: true, output, data[from..start], out bool isWritten);
                from = isWritten ? end : from;
                search.Reset();
                break;
            case TextUse.Searched:
                Keep(data, start, end, ref from, output);
                Show(_raw.AsSpan(0, _kept), isEnd: true, output, default, out bool isAllWritten);
                if (!isAllWritten)
                {
                    output.Write(_raw.AsSpan(0, _kept));
                }

                (_passes, from) = (true, end);
                search.Reset();
                break;
            default:
                break;
        }

        if (_isName)
        {
            _at = At.Colon;
        }
        else
        {
            EndValue(end + 1, ref from);
        }
    }

    private void KeepName(ReadOnlySpan<byte> run)
    {
        _isNameTooLong |= run.Length > _raw.Length - _kept;
        if (!_isNameTooLong)
        {
            run.CopyTo(_raw.AsSpan(_kept));
            _kept += run.Length;
        }
    }

    // A name means what its escapes stand for: "tok\u0065n" is token to whoever reads it.
    private void FindName(ReadOnlySpan<byte> run)
    {
        if (_kept > 0 || _isNameTooLong)
        {
            KeepName(run);
            run = _raw.AsSpan(0, _kept);
        }

        _name = null;
        if (_hasEscapes && run.Length <= _text.Length && !_isNameTooLong)
        {
            run = _text.AsSpan(0, JsonUnits.Read(run, isEnd: true, _text, out _));
        }

        _name = _isNameTooLong ? null : paths.Find(run);
    }

    private void AppendHidden(ReadOnlySpan<byte> run)
    {
        if (!_hasEscapes && _kept == 0)
        {
            hidden.Append(run);
            return;
        }

        while (!run.IsEmpty)
        {
            ReadOnlySpan<byte> part = run[..Math.Min(run.Length, _raw.Length - _kept)];
            part.CopyTo(_raw.AsSpan(_kept));
            _kept += part.Length;
            run = run[part.Length..];
            ReadHidden(isEnd: false);
        }
    }

    private void ReadHidden(bool isEnd)
    {
        int length = JsonUnits.Read(_raw.AsSpan(0, _kept), isEnd, _text, out int taken);
        hidden.Append(_text.AsSpan(0, length));
        _raw.AsSpan(taken, _kept - taken).CopyTo(_raw);
        _kept -= taken;
    }

    private void EndHidden(ReadOnlySpan<byte> run, MaskOutput output)
    {
        if (_readsHidden)
        {
            AppendHidden(run);
            ReadHidden(isEnd: true);
        }

        if (_writesHidden)
        {
            hidden.WriteTo(output, isEscaped: true);
            output.Write("\""u8);
        }
    }

    private void AppendSearched(ReadOnlySpan<byte> run, MaskOutput output)
    {
        while (!run.IsEmpty)
        {
            if (_kept == _raw.Length)
            {
                int shown = Show(_raw, isEnd: false, output, default, out bool isWritten);
                if (!isWritten)
                {
                    output.Write(_raw.AsSpan(0, shown));
                }

                _raw.AsSpan(shown).CopyTo(_raw);
                _kept -= shown;
            }

            ReadOnlySpan<byte> part = run[..Math.Min(run.Length, _raw.Length - _kept)];
            part.CopyTo(_raw.AsSpan(_kept));
            _kept += part.Length;
            run = run[part.Length..];
        }
    }

    /// <param name="raw">What was not shown yet of a string.</param>
    /// <param name="isEnd">It ends there.</param>
    /// <param name="output">Gets what is shown, if that is not what is there.</param>
    /// <param name="before">What is written before that.</param>
    /// <param name="isWritten">False: nothing was found, nothing is written.</param>
    /// <returns>How much of it is shown.</returns>
    private int Show(ReadOnlySpan<byte> raw, bool isEnd, MaskOutput output, ReadOnlySpan<byte> before, out bool isWritten)
    {
        ReadOnlySpan<byte> text = _hasEscapes ? _text.AsSpan(0, JsonUnits.Read(raw, isEnd, _text, out _)) : raw;
        (int Raw, int Text) end = isEnd ? (raw.Length, text.Length) : Place(raw, default, text.Length - TextSearch.Overlap, isEnd: false);
        ReadOnlySpan<Find> finds = search.Look(text, end.Text, isEnd);
        isWritten = !finds.IsEmpty;
        if (!isWritten)
        {
            return end.Raw;
        }

        output.Write(before);
        (int Raw, int Text) at = default;
        foreach (ref readonly Find find in finds)
        {
            (int Raw, int Text) start = Place(raw, at, find.Start, isEnd: false);
            output.Write(raw[at.Raw..start.Raw]);
            if (find.Replacement is { } replacement)
            {
                hidden.Begin(replacement);
                hidden.Append(text[find.Start..find.End]);
                hidden.WriteTo(output, isEscaped: true);
            }

            at = find.End >= end.Text ? end : Place(raw, start, find.End, isEnd: true);
        }

        output.Write(raw[at.Raw..end.Raw]);
        return end.Raw;
    }

    private (int Raw, int Text) Place(ReadOnlySpan<byte> raw, (int Raw, int Text) from, int target, bool isEnd) =>
        _hasEscapes ? JsonUnits.Find(raw, from, target, isEnd) : (target, target);
}
