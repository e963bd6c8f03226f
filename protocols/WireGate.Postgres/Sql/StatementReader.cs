using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using WireGate.Core.Policy.Facts;

namespace WireGate.Postgres.Sql;

/// <summary>
/// Walks the parser's tree of one statement and says what it does. Every type of node is in <see cref="Meanings"/>; one that is not, or
/// a field that holds a structure nobody thought of, makes the statement unknown. Expressions are walked through to their ends, so that
/// no subquery, function or table within them is missed. What hides behind a name is not told by a text: a view's or a trigger's
/// functions, an operator or a cast of somebody's without its schema, and <c>t.f</c> of a table t, which is f(t) where t has no column f.
/// </summary>
internal sealed partial class StatementReader
{
    private const int LongestTypeName = 64;

    private FactsBuilder _facts = new();
    private CteScope? _scope;

    // What is done to a relation that is met: a query reads it, a definition changes it.
    private SqlEffects _effect = SqlEffects.Read;
    private RowLocks _locks;

    // How many queries and changes of rows this place is within.
    private int _depth;

    private delegate void Meaning(StatementReader reader, JsonElement node);

    /// <summary>Reads one statement.</summary>
    /// <param name="wrapped">The node of a statement, within its wrapper.</param>
    public static ParsedStatement Read(JsonElement wrapped)
    {
        var reader = new StatementReader();
        reader.Visit(wrapped);
        return reader._facts.Build() with { Lineage = LineageReader.Read(wrapped) };
    }

    // A node within its wrapper, {"SelectStmt":{…}}, or a list of such.
    private void Visit(JsonElement value)
    {
        if (value.ValueKind == JsonValueKind.Array)
        {
            foreach (JsonElement item in value.EnumerateArray())
            {
                Visit(item);
            }
        }
        else if (value.ValueKind == JsonValueKind.Object)
        {
            foreach (JsonProperty property in value.EnumerateObject())
            {
                Dispatch(JsonMarshal.GetRawUtf8PropertyName(property), property.Value);
            }
        }
    }

    private void Dispatch(ReadOnlySpan<byte> type, JsonElement node)
    {
        Span<char> name = stackalloc char[LongestTypeName];
        if (type.Length <= LongestTypeName
            && MeaningsByName.TryGetValue(name[..Encoding.ASCII.GetChars(type, name)], out Meaning? meaning))
        {
            meaning(this, node);
        }
        else
        {
            _facts.Kind(SqlKinds.Unknown);
            _facts.Unknown($"what a {Encoding.UTF8.GetString(type)} does is not known");
        }
    }

    // The fields of a node, whatever they hold.
    private void Descend(JsonElement node)
    {
        foreach (JsonProperty field in node.EnumerateObject())
        {
            Field(field);
        }
    }

    private void Field(JsonProperty field)
    {
        JsonElement value = field.Value;
        if (value.ValueKind == JsonValueKind.Array)
        {
            Visit(value);
        }
        else if (value.ValueKind == JsonValueKind.Object)
        {
            Structure(JsonMarshal.GetRawUtf8PropertyName(field), value);
        }
    }

    // Most fields hold a node within its wrapper, whose name begins with a capital. Some hold a structure without one.
    private void Structure(ReadOnlySpan<byte> field, JsonElement value)
    {
        foreach (JsonProperty first in value.EnumerateObject())
        {
            if (char.IsAsciiLetterUpper((char)JsonMarshal.GetRawUtf8PropertyName(first)[0]))
            {
                Visit(value);
            }
            else if (value.Has("relname"u8))
            {
                Relation(value);
            }
            else
            {
                Span<char> name = stackalloc char[LongestTypeName];
                if (field.Length <= LongestTypeName
                    && StructuresByField.TryGetValue(name[..Encoding.ASCII.GetChars(field, name)], out Meaning? meaning))
                {
                    meaning(this, value);
                }
                else
                {
                    _facts.Unknown($"what {Encoding.UTF8.GetString(field)} means is not known");
                }
            }

            break;
        }
    }

    // A statement within another that has an entry of its own in what the session is to be followed by.
    private ParsedStatement Inner(JsonElement wrapped)
    {
        (FactsBuilder outer, CteScope? scope, SqlEffects effect, int depth) = (_facts, _scope, _effect, _depth);
        (_facts, _scope, _effect, _depth) = (new FactsBuilder(), null, SqlEffects.Read, 0);
        Visit(wrapped);
        ParsedStatement inner = _facts.Build() with { Lineage = LineageReader.Read(wrapped) };
        (_facts, _scope, _effect, _depth) = (outer, scope, effect, depth);
        _facts.NamesCursor |= inner.NamesCursor;
        return inner;
    }

    private static SqlName NameOf(JsonElement relation) => new(relation.Text("schemaname"u8), relation.Text("relname"u8) ?? "");
}
