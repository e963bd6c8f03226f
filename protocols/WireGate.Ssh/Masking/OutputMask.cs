using System.Buffers;
using System.Collections.Immutable;
using WireGate.Core.Configuration;
using WireGate.Core.Masking;

namespace WireGate.Ssh.Masking;

/// <summary>
/// Masks one stream of a command's output, by form. It is looked at line by line, whatever packets it comes in; what is found is overwritten
/// in its place, so the stream keeps its length and the windows stay true. Of a line that has not ended yet a part is kept back, until it
/// ends or its owner will not wait any longer.
/// </summary>
/// <param name="masks">What is looked for; those without detectors find nothing.</param>
internal sealed class OutputMask(ImmutableArray<MaskConfig> masks)
{
    /// <summary>Bytes of a line that are looked at together.</summary>
    public const int MostKept = 4 * 1024;

    /// <summary>
    /// Bytes of a longer line that are looked at twice, so that what lies across is found: longer than anything but keys and tokens, which are
    /// hidden to their end once they have begun.
    /// </summary>
    public const int Overlap = 512;

    /// <summary>Bytes that are kept back of a line to which something is added all the time: longer than anything but long tokens.</summary>
    private const int Recent = 128;

    /// <summary>Bytes of a private key that has no end: an RSA key of 16,384 bits has 13 KiB.</summary>
    private const int LongestKey = 64 * 1024;

    private const byte Cover = (byte)'*';
    private const int Last = 4;

    private readonly byte[] _line = new byte[MostKept];
    private readonly byte[] _shown = new byte[MostKept];
    private int _kept;

    // Of what is kept so much is hidden.
    private int _covered;

    // What was hidden so far has not ended yet: a private key, of which so much may follow, and a token, to which all belongs that can be in one.
    private int _keyLeft;
    private bool _isTokenOpen;

    /// <summary>Bytes are kept back.</summary>
    public bool HasKept => _kept > 0;

    /// <summary>Takes what the command has said.</summary>
    /// <param name="data">It.</param>
    /// <param name="output">What the client may see of it, and of what came before.</param>
    public void Take(ReadOnlySpan<byte> data, IBufferWriter<byte> output)
    {
        while (!data.IsEmpty)
        {
            int newLine = data.IndexOf((byte)'\n');
            ReadOnlySpan<byte> part = data[..Math.Min(newLine < 0 ? data.Length : newLine + 1, MostKept - _kept)];
            part.CopyTo(_line.AsSpan(_kept));
            _kept += part.Length;
            data = data[part.Length..];
            if (part[^1] == '\n')
            {
                Show(output, _kept, isEnd: true);
            }
            else if (_kept == MostKept)
            {
                Show(output, MostKept - Overlap, isEnd: false);
            }
        }
    }

    /// <summary>Gives out what is kept back, as if the line ended here.</summary>
    public void Flush(IBufferWriter<byte> output) => Show(output, _kept, isEnd: false);

    /// <summary>Gives out what has been kept back for long, while more comes.</summary>
    public void FlushOld(IBufferWriter<byte> output) => Show(output, Math.Max(0, _kept - Recent), isEnd: false);

    private static void Overwrite(Span<byte> found, MaskStyle style)
    {
        foreach (ref byte b in style == MaskStyle.Last4 && found.Length > 2 * Last ? found[..^Last] : found)
        {
            // A line keeps its end, or a terminal would go on in the same.
            b = b is (byte)'\n' or (byte)'\r' ? b : Cover;
        }
    }

    /// <param name="output">Gets it.</param>
    /// <param name="length">How much of what is kept is shown now.</param>
    /// <param name="isEnd">The line ends there; else a token may go on.</param>
    private void Show(IBufferWriter<byte> output, int length, bool isEnd)
    {
        ReadOnlySpan<byte> line = _line.AsSpan(0, _kept);
        line.CopyTo(_shown);
        int begin = Continue(line, isEnd), covered = begin;
        foreach (MaskConfig mask in masks)
        {
            foreach (MaskDetector detector in mask.Detect)
            {
                covered = Math.Max(covered, Hide(line[begin..], begin, length, isEnd, detector, mask.With));
            }
        }

        output.Write(_shown.AsSpan(0, length));

        // What began before the place and was hidden stays hidden behind it.
        _covered = Math.Clamp(covered, length, _kept) - length;
        line[length..].CopyTo(_line);
        _kept -= length;
        _keyLeft = Math.Max(0, _keyLeft - length);
    }

    /// <returns>Where the last find ends that began before <paramref name="length"/>.</returns>
    private int Hide(ReadOnlySpan<byte> text, int at, int length, bool isEnd, MaskDetector detector, MaskStyle style)
    {
        int covered = 0;
        for (Hit hit = Detectors.Find(detector, text, 0); hit.IsThere; hit = Next(detector, text, hit))
        {
            bool isNow = at + hit.Start < length, isCut = hit.End == text.Length;
            if (isNow && isCut && detector == MaskDetector.PrivateKey && EndOfKey(text[hit.Start..]) < 0)
            {
                _keyLeft = LongestKey;
            }

            bool isOpen = isCut && !isEnd && detector is MaskDetector.Jwt or MaskDetector.ApiKey;
            _isTokenOpen |= isNow && isOpen;
            Overwrite(_shown.AsSpan(at + hit.Start, hit.Length), isOpen ? MaskStyle.Redact : style);
            covered = isNow ? at + hit.End : covered;
        }

        if (detector == MaskDetector.Jwt && !isEnd && Detectors.FindCutToken(text) is { IsThere: true } cut && at + cut.Start < length)
        {
            _isTokenOpen = true;
            Overwrite(_shown.AsSpan(at + cut.Start, cut.Length), MaskStyle.Redact);
            covered = at + cut.End;
        }

        return covered;
    }

    private static Hit Next(MaskDetector detector, ReadOnlySpan<byte> text, Hit hit)
    {
        int resume = Detectors.Resume(detector, text, hit);
        return resume < text.Length ? Detectors.Find(detector, text, resume) : Hit.None;
    }

    /// <summary>What goes on that has begun before.</summary>
    /// <returns>What is behind it.</returns>
    private int Continue(ReadOnlySpan<byte> line, bool isEnd)
    {
        int end = _covered;
        if (_keyLeft > 0)
        {
            int close = EndOfKey(line);
            _keyLeft = close < 0 ? _keyLeft : 0;
            end = Math.Max(end, close < 0 ? line.Length : close);
        }

        if (_isTokenOpen)
        {
            end += Detectors.RunOfToken(line[end..]);
            _isTokenOpen = end == line.Length && !isEnd;
        }

        Overwrite(_shown.AsSpan(0, end), MaskStyle.Redact);
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
