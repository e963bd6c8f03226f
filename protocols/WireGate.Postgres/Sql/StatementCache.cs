using System.Diagnostics.CodeAnalysis;

namespace WireGate.Postgres.Sql;

internal sealed class StatementCache
{
    private readonly Dictionary<string, ParsedText> _texts = [];

    public bool TryGet(ReadOnlySpan<byte> sql, [NotNullWhen(true)] out ParsedText? text)
    {
        lock (_texts)
        {
            return _texts.TryGetValue(System.Text.Encoding.Latin1.GetString(sql), out text);
        }
    }

    public ParsedText Get(ReadOnlySpan<byte> sql)
    {
        if (!TryGet(sql, out ParsedText? text))
        {
            text = SqlParser.Parse(sql);
            lock (_texts)
            {
                _texts[System.Text.Encoding.Latin1.GetString(sql)] = text;
            }
        }

        return text;
    }
}
