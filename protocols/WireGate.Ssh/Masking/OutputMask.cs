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
    /// Bytes of a longer line that are looked at twice, so that what lies across is found: longer than anything but tokens, of which what has
    /// the form of one is hidden on either side.
    /// </summary>
    public const int Overlap = 512;

    /// <summary>Bytes of a private key that has no end: an RSA key of 16,384 bits has 13 KiB.</summary>
    private const int LongestKey = 64 * 1024;

    private const byte Cover = (byte)'*';
    private const int Last = 4;

    private readonly byte[] _line = new byte[MostKept];
    private readonly byte[] _shown = new byte[MostKept];
    private int _kept;
    private int _keyLeft;

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
                Flush(output);
            }
            else if (_kept == MostKept)
            {
                Show(output, MostKept - Overlap);
            }
        }
    }

    /// <summary>Gives out what is kept back, as if the line ended here.</summary>
    public void Flush(IBufferWriter<byte> output) => Show(output, _kept);

    private static void Overwrite(Span<byte> found, MaskStyle style)
    {
        foreach (ref byte b in style == MaskStyle.Last4 && found.Length > 2 * Last ? found[..^Last] : found)
        {
            // A line keeps its end, or a terminal would go on in the same.
            b = b is (byte)'\n' or (byte)'\r' ? b : Cover;
        }
    }

    private void Show(IBufferWriter<byte> output, int length)
    {
        ReadOnlySpan<byte> line = _line.AsSpan(0, _kept);
        line.CopyTo(_shown);
        int begin = _keyLeft > 0 ? Continue(line) : 0, covered = begin;
        foreach (MaskConfig mask in masks)
        {
            foreach (MaskDetector detector in mask.Detect)
            {
                covered = Math.Max(covered, Hide(line[begin..], begin, length, detector, mask.With));
            }
        }

        output.Write(_shown.AsSpan(0, length));

        // What began before the place and was hidden stays hidden behind it.
        int hidden = Math.Clamp(covered, length, _kept);
        _shown.AsSpan(length, hidden - length).CopyTo(_line);
        line[hidden..].CopyTo(_line.AsSpan(hidden - length));
        _kept -= length;
    }

    /// <returns>Where the last find ends that began before <paramref name="length"/>.</returns>
    private int Hide(ReadOnlySpan<byte> text, int at, int length, MaskDetector detector, MaskStyle style)
    {
        int covered = 0;
        for (Hit hit = Detectors.Find(detector, text, 0); hit.IsThere; hit = Next(detector, text, hit))
        {
            if (detector == MaskDetector.PrivateKey && hit.End == text.Length && text[hit.Start..].IndexOf("-----END "u8) < 0)
            {
                _keyLeft = LongestKey;
            }

            Overwrite(_shown.AsSpan(at + hit.Start, hit.Length), style);
            covered = at + hit.Start < length ? at + hit.End : covered;
        }

        return covered;
    }

    private static Hit Next(MaskDetector detector, ReadOnlySpan<byte> text, Hit hit)
    {
        int resume = Detectors.Resume(detector, text, hit);
        return resume < text.Length ? Detectors.Find(detector, text, resume) : Hit.None;
    }

    /// <summary>A line within a private key.</summary>
    /// <returns>What is behind the key's end.</returns>
    private int Continue(ReadOnlySpan<byte> line)
    {
        int end = line.IndexOf("-----END "u8);
        int close = end < 0 ? -1 : line[(end + 9)..].IndexOf("-----"u8);
        int length = close < 0 ? line.Length : end + 9 + close + 5;
        _keyLeft = close < 0 ? Math.Max(0, _keyLeft - length) : 0;
        Overwrite(_shown.AsSpan(0, length), MaskStyle.Redact);
        return length;
    }
}
