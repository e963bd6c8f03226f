using WireGate.Core.Configuration;
using WireGate.Core.Masking;

namespace WireGate.Http.Masking;

/// <summary>A detector, and what stands in place of what it finds.</summary>
internal readonly record struct Search(MaskDetector Detector, Replacement Replacement);

/// <summary>A place in a text that is not shown.</summary>
/// <param name="Start">Its first byte.</param>
/// <param name="End">What is behind it.</param>
/// <param name="Replacement">In its place; null: nothing, what stands for it was written where it began.</param>
internal readonly record struct Find(int Start, int End, Replacement? Replacement);

/// <summary>
/// Looks for what detectors know in a text that comes in windows, each with the end of the one before. What is found is whole, but for keys and
/// tokens that are longer than a window: they are hidden to their end once they have begun.
/// </summary>
internal sealed class TextSearch(Search[] searches)
{
    /// <summary>Bytes that are looked at together.</summary>
    public const int Window = 4 * 1024;

    /// <summary>Bytes that are looked at twice: longer than anything but keys and tokens.</summary>
    public const int Overlap = 512;

    /// <summary>Bytes of a private key that has no end: an RSA key of 16,384 bits has 13 KiB.</summary>
    private const int LongestKey = 64 * 1024;

    private readonly Hit[] _next = new Hit[searches.Length];
    private readonly bool _knowsTokens = searches.Any(s => s.Detector == MaskDetector.Jwt);
    private readonly Replacement? _ofToken = searches.FirstOrDefault(s => s.Detector == MaskDetector.Jwt).Replacement?.OfPart;
    private Find[] _finds = new Find[8];
    private int _count;

    // Of the next window so much was hidden already.
    private int _covered;

    // What was hidden so far has not ended yet: a private key, of which so much may follow, and a token, to which all belongs that can be in one.
    private int _keyLeft;
    private bool _isTokenOpen;

    /// <summary>Whether it looks for anything.</summary>
    public bool IsIdle => searches.Length == 0;

    /// <summary>Another text begins.</summary>
    public void Reset() => (_covered, _keyLeft, _isTokenOpen) = (0, 0, false);

    /// <summary>Looks at a window.</summary>
    /// <param name="text">What was not shown yet, from where the last one was shown to.</param>
    /// <param name="length">So much of it is shown now.</param>
    /// <param name="isEnd">Nothing follows that could go on with it, but a private key, which has lines.</param>
    /// <returns>What is not shown, in order; valid until the next call. The last may reach beyond <paramref name="length"/>.</returns>
    public ReadOnlySpan<Find> Look(ReadOnlySpan<byte> text, int length, bool isEnd)
    {
        _count = 0;
        int begin = Continue(text, isEnd);
        if (begin > 0)
        {
            Add(new Find(0, begin, null));
        }

        ReadOnlySpan<byte> rest = text[begin..];
        for (int i = 0; i < _next.Length; i++)
        {
            _next[i] = Detectors.Find(searches[i].Detector, rest, 0);
        }

        while (Next(rest, length - begin, isEnd, out Replacement? replacement) is { IsThere: true } hit)
        {
            Add(new Find(begin + hit.Start, begin + hit.End, replacement));
        }

        if (_knowsTokens && !isEnd && Detectors.FindCutToken(rest) is { IsThere: true } cut && begin + cut.Start < length)
        {
            _isTokenOpen = true;
            Cover(begin + cut.Start, text.Length);
        }

        _covered = Math.Clamp(_count == 0 ? 0 : _finds[_count - 1].End, length, text.Length) - length;
        _keyLeft = Math.Max(0, _keyLeft - length);
        return _finds.AsSpan(0, _count);
    }

    private void Add(in Find find)
    {
        if (_count == _finds.Length)
        {
            Array.Resize(ref _finds, 2 * _count);
        }

        _finds[_count++] = find;
    }

    // Up to the end of the window; what was found within it goes with it.
    private void Cover(int start, int end)
    {
        Replacement? replacement = _ofToken;
        while (_count > 0 && _finds[_count - 1].End > start)
        {
            _count--;
            start = Math.Min(start, _finds[_count].Start);
            replacement = _finds[_count].Replacement is { } other && replacement is not null ? replacement.And(other.OfPart) : null;
        }

        Add(new Find(start, end, replacement));
    }

    // The next find of each detector is kept: a text is gone through once by each, whatever the others find. Finds that overlap are one.
    private Hit Next(ReadOnlySpan<byte> text, int length, bool isEnd, out Replacement? replacement)
    {
        replacement = null;
        int first = -1;
        for (int i = 0; i < _next.Length; i++)
        {
            first = _next[i].IsThere && (first < 0 || _next[i].Start < _next[first].Start) ? i : first;
        }

        if (first < 0 || _next[first].Start >= length)
        {
            return Hit.None;
        }

        int start = _next[first].Start, end = _next[first].End;
        replacement = searches[first].Replacement;
        for (int i = 0; i < _next.Length;)
        {
            if (!_next[i].IsThere || _next[i].Start >= end)
            {
                i++;
                continue;
            }

            bool isOpen = GoesOn(searches[i].Detector, text, _next[i], isEnd);
            replacement = replacement.And(isOpen ? searches[i].Replacement.OfPart : searches[i].Replacement);
            bool isLonger = _next[i].End > end;
            end = Math.Max(end, _next[i].End);
            int resume = Detectors.Resume(searches[i].Detector, text, _next[i]);
            _next[i] = resume < text.Length ? Detectors.Find(searches[i].Detector, text, resume) : Hit.None;

            // Others may begin within what it adds.
            i = isLonger ? 0 : i;
        }

        return new Hit(start, end - start);
    }

    private bool GoesOn(MaskDetector detector, ReadOnlySpan<byte> text, Hit hit, bool isEnd)
    {
        if (hit.End < text.Length)
        {
            return false;
        }

        if (detector == MaskDetector.PrivateKey && EndOfKey(text[hit.Start..]) < 0)
        {
            _keyLeft = LongestKey;
            return true;
        }

        bool isOpen = !isEnd && detector is MaskDetector.Jwt or MaskDetector.ApiKey;
        _isTokenOpen |= isOpen;
        return isOpen;
    }

    /// <summary>What goes on that has begun before.</summary>
    /// <returns>What is behind it.</returns>
    private int Continue(ReadOnlySpan<byte> text, bool isEnd)
    {
        int end = _covered;
        if (_keyLeft > 0)
        {
            int close = EndOfKey(text);
            _keyLeft = close < 0 ? _keyLeft : 0;
            end = Math.Max(end, close < 0 ? text.Length : close);
        }

        if (_isTokenOpen)
        {
            end += Detectors.RunOfToken(text[end..]);
            _isTokenOpen = end == text.Length && !isEnd;
        }

        return end;
    }

    /// <returns>Negative: it is not there.</returns>
    private static int EndOfKey(ReadOnlySpan<byte> text)
    {
        int end = text.IndexOf("-----END "u8);
        int close = end < 0 ? -1 : text[(end + 9)..].IndexOf("-----"u8);
        return close < 0 ? -1 : end + 9 + close + 5;
    }
}
