namespace WireGate.Commands;

/// <summary>Rows under headings: ruled on a terminal, plain aligned text elsewhere.</summary>
internal static class Table
{
    private const string Gap = "  ";

    public static void Write(TextWriter output, bool isTerminal, IReadOnlyList<string> headings, IEnumerable<IReadOnlyList<string?>> rows)
    {
        List<IReadOnlyList<string>> lines = [headings];
        lines.AddRange(rows.Select(row => row.Select(cell => string.IsNullOrEmpty(cell) ? "-" : Printable.Escape(cell)).ToArray()));
        int[] widths = [.. headings.Select((_, column) => lines.Max(line => line[column].Length))];
        for (int i = 0; i < lines.Count; i++)
        {
            WriteLine(output, lines[i], widths);
            if (i == 0 && isTerminal)
            {
                WriteLine(output, [.. widths.Select(width => new string('─', width))], widths);
            }
        }
    }

    private static void WriteLine(TextWriter output, IReadOnlyList<string> cells, int[] widths) =>
        output.WriteLine(string.Join(Gap, cells.Select((cell, column) => cell.PadRight(widths[column]))).TrimEnd());
}
