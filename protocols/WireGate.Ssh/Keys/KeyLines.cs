using System.Collections.Immutable;
using System.Text;

namespace WireGate.Ssh.Keys;

/// <summary>Files of lines with a key in each: empty ones and those that begin with # say nothing.</summary>
internal static class KeyLines
{
    /// <param name="file">All of it.</param>
    /// <param name="maxLength">Bytes of it at most.</param>
    /// <param name="parse">Reads a line without the white space around it; null: it is passed over.</param>
    /// <exception cref="KeyFileException">It is too long, or a line of it was refused, which it names.</exception>
    public static ImmutableArray<T> Parse<T>(ReadOnlySpan<byte> file, int maxLength, Func<string, T?> parse) where T : class
    {
        if (file.Length > maxLength)
        {
            throw new KeyFileException($"a file of more than {maxLength} bytes");
        }

        ImmutableArray<T>.Builder parsed = ImmutableArray.CreateBuilder<T>();
        int number = 0;
        foreach (Range range in file.Split((byte)'\n'))
        {
            number++;
            string line = Encoding.UTF8.GetString(file[range]).Trim();
            if (line.Length == 0 || line[0] == '#')
            {
                continue;
            }

            try
            {
                if (parse(line) is { } value)
                {
                    parsed.Add(value);
                }
            }
            catch (KeyFileException e)
            {
                throw new KeyFileException($"line {number}: {e.Message}", e);
            }
        }

        return parsed.ToImmutable();
    }

    /// <summary>The first word of a line.</summary>
    public static string WordOf(ReadOnlySpan<char> line) => NextWord(ref line).ToString();

    /// <summary>Takes a word off, and the blanks behind it.</summary>
    public static ReadOnlySpan<char> NextWord(ref ReadOnlySpan<char> rest)
    {
        int end = rest.IndexOfAny(' ', '\t');
        ReadOnlySpan<char> word = end < 0 ? rest : rest[..end];
        rest = end < 0 ? [] : rest[end..].TrimStart();
        return word;
    }
}
