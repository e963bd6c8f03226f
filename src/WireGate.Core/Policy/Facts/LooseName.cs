using System.Buffers;
using System.Text;

namespace WireGate.Core.Policy.Facts;

/// <summary>
/// The name of a cookie, a parameter or a field of a form as the most lenient of servers read it: whatever its case, with escapes, quotes or blanks, or a bracket behind it as
/// PHP reads that. Which of several that are the same counts is theirs to say.
/// </summary>
public static class LooseName
{
    // What is around a name and no part of it for some reader: blanks of any alphabet, controls, quotes, brackets ([name] of qs), and what stands between names
    // elsewhere.
    private static readonly SearchValues<byte> Around = Bytes(b => (char)b is <= ' ' or >= '\x7F' or '"' or '=' or '+' or '?' or '[' or ']');

    // Behind a name: a list or a member of it, a value that was escaped with it, or the end for who knows C's strings.
    private static readonly SearchValues<byte> Ends = SearchValues.Create("[=\0"u8);

    private static readonly SearchValues<byte> Behind = Bytes(b => Around.Contains(b) && !Ends.Contains(b));

    /// <summary>Whether some server would take what a pair is named by for a name.</summary>
    /// <param name="pair">A name, and maybe a value, as it stands in a head.</param>
    /// <param name="name">It.</param>
    public static bool IsOf(ReadOnlySpan<byte> pair, ReadOnlySpan<byte> name)
    {
        int begin = Math.Max(0, pair.IndexOfAnyExcept(Around)), end = pair[begin..].IndexOf((byte)'=');
        pair = end < 0 ? pair : pair[..(begin + end)];
        return IsSame(pair, name) || (pair.Contains((byte)'%') && IsDecoded(pair, name));
    }

    /// <summary>What servers may read of a name that was decoded once, as those of a query are, to be compared with many: it, and that decoded again.</summary>
    /// <param name="found">The name that a pair has.</param>
    internal static Text[] ReadingsOf(string found)
    {
        ReadOnlySpan<byte> name = Encoding.UTF8.GetBytes(found);
        int begin = Math.Max(0, name.IndexOfAnyExcept(Around)), end = name[begin..].IndexOf((byte)'=');
        byte[] reading = (end < 0 ? name : name[..(begin + end)]).ToArray();
        if (!reading.Contains((byte)'%'))
        {
            return [new Text(reading)];
        }

        List<Text> readings = [new Text(reading)];
        byte[] decoded = [.. reading];
        for (int i = 0, length = decoded.Length, again; i < UrlEscapes.MostDecodings && (again = UrlEscapes.Decode(decoded.AsSpan(0, length))) < length; i++)
        {
            length = again;
            readings.Add(new Text(decoded[..length]));
        }

        return [.. readings];
    }

    /// <summary>Whether some server would take a name for another.</summary>
    /// <param name="readings">What may be read of it.</param>
    /// <param name="name">The other.</param>
    internal static bool IsOf(Text[] readings, in Text name)
    {
        foreach (ref readonly Text reading in readings.AsSpan())
        {
            // One that begins with nothing that may be around it begins in one place.
            if (name.IsPlain
                ? reading.Folded.AsSpan(reading.Begin).StartsWith(name.Folded) && IsEnd(reading.Bytes.AsSpan(reading.Begin + name.Bytes.Length))
                : IsSame(reading.Bytes, name.Bytes))
            {
                return true;
            }
        }

        return false;
    }

    private static bool IsDecoded(ReadOnlySpan<byte> pair, ReadOnlySpan<byte> name)
    {
        byte[] decoded = ArrayPool<byte>.Shared.Rent(pair.Length);
        try
        {
            pair.CopyTo(decoded);
            bool isSame = false;
            for (int i = 0, length = pair.Length, again; i < UrlEscapes.MostDecodings && !isSame && (again = UrlEscapes.Decode(decoded.AsSpan(0, length))) < length; i++)
            {
                length = again;
                isSame = IsSame(decoded.AsSpan(0, length), name);
            }

            return isSame;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(decoded, clearArray: true);
        }
    }

    private static bool IsSame(ReadOnlySpan<byte> text, ReadOnlySpan<byte> name)
    {
        while (Begins(text, name) is var read && (read < 0 || !IsEnd(text[read..])))
        {
            if (text.IsEmpty || !Around.Contains(text[0]))
            {
                return false;
            }

            text = text[1..];
        }

        return true;
    }

    /// <returns>How much of it is the name; below 0: it does not begin with that.</returns>
    private static int Begins(ReadOnlySpan<byte> text, ReadOnlySpan<byte> name)
    {
        bool hasParts = name.Contains((byte)'[');
        int read = 0;
        for (int i = 0; i < name.Length;)
        {
            if (read < text.Length && Folded(text[read]) == Folded(name[i]))
            {
                read++;
                i++;
            }
            else if (hasParts && name[i] == ']')
            {
                i++;
            }
            else if (hasParts && read < text.Length && text[read] is (byte)']' or (byte)' ')
            {
                // filter[role] is [filter][role] to qs, filter][role] to Rack, and filter[ role] to PHP.
                read++;
            }
            else
            {
                return -1;
            }
        }

        return read;
    }

    private static bool IsEnd(ReadOnlySpan<byte> rest)
    {
        int at = rest.IndexOfAnyExcept(Behind);
        return at < 0 || Ends.Contains(rest[at]);
    }

    // PHP has underscores for what its variables cannot be named by.
    private static byte Folded(byte b) => (char)b switch
    {
        >= 'A' and <= 'Z' => (byte)(b | 0x20),
        '.' or ' ' or '+' or '-' or '[' => (byte)'_',
        _ => b,
    };

    private static SearchValues<byte> Bytes(Func<byte, bool> are) => SearchValues.Create([.. Enumerable.Range(0, 256).Select(b => (byte)b).Where(are)]);

    /// <summary>A name, made ready to be compared.</summary>
    internal readonly struct Text
    {
        /// <param name="bytes">It in UTF-8.</param>
        internal Text(byte[] bytes)
        {
            Bytes = bytes;
            Folded = Array.ConvertAll(bytes, LooseName.Folded);
            int begin = bytes.AsSpan().IndexOfAnyExcept(Around);
            Begin = begin < 0 ? bytes.Length : begin;
            IsPlain = bytes.Length > 0 && char.IsAsciiLetterOrDigit((char)bytes[0]) && !bytes.Contains((byte)'[');
        }

        /// <summary>It in UTF-8.</summary>
        internal byte[] Bytes { get; }

        /// <summary>The same, with one letter for all that are the same.</summary>
        internal byte[] Folded { get; }

        /// <summary>The first that is not only around it.</summary>
        internal int Begin { get; }

        /// <summary>It begins with a letter or a digit, and has no parts.</summary>
        internal bool IsPlain { get; }
    }
}
