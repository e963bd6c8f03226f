namespace WireGate.Configuration;

/// <summary>"Did you mean": the nearest of the words that would have been right.</summary>
internal static class Suggestion
{
    /// <summary>The nearest word, as the tail of a message; without one that is near, the words themselves if they are few.</summary>
    public static string For(string word, IEnumerable<string> known)
    {
        string[] words = [.. known.Distinct().Order(StringComparer.Ordinal)];
        // Long words are not compared: the distance costs their lengths multiplied.
        (string Word, int Distance)[] near = word.Length > 64
            ? []
            : [.. words.Select(w => (Word: w, Distance: Distance(word, w)))
                .Where(c => c.Distance <= Math.Max(1, Math.Min(word.Length, c.Word.Length) / 3))
                .OrderBy(c => c.Distance)];
        return near switch
        {
            [var best, ..] => $"did you mean \"{best.Word}\"?",
            [] when words.Length is > 0 and <= 12 => $"known: {string.Join(", ", words)}",
            _ => "remove it",
        };
    }

    /// <summary>Optimal string alignment: insertions, deletions, changes and swapped neighbours, without regard to case.</summary>
    private static int Distance(string a, string b)
    {
        int[,] cost = new int[a.Length + 1, b.Length + 1];
        for (int i = 0; i <= a.Length; i++)
        {
            for (int j = 0; j <= b.Length; j++)
            {
                if (i == 0 || j == 0)
                {
                    cost[i, j] = i + j;
                    continue;
                }

                int change = Same(a[i - 1], b[j - 1]) ? 0 : 1;
                cost[i, j] = Math.Min(Math.Min(cost[i - 1, j], cost[i, j - 1]) + 1, cost[i - 1, j - 1] + change);
                if (i > 1 && j > 1 && Same(a[i - 1], b[j - 2]) && Same(a[i - 2], b[j - 1]))
                {
                    cost[i, j] = Math.Min(cost[i, j], cost[i - 2, j - 2] + 1);
                }
            }
        }

        return cost[a.Length, b.Length];

        static bool Same(char x, char y) => char.ToLowerInvariant(x) == char.ToLowerInvariant(y);
    }
}
