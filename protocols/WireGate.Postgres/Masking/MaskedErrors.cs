using System.Text;
using System.Text.RegularExpressions;
using WireGate.Core.Framing;
using WireGate.Core.Policy.Facts;
using WireGate.Postgres.Messages;
using WireGate.Postgres.Operations;
using WireGate.Postgres.Sql;

namespace WireGate.Postgres.Masking;

/// <summary>
/// Errors and notices of a session with masks. Their texts quote values of rows, some as the name of an object that is not there: what is
/// passed on is the code, with words of our own, and the text only where it is known to be about the statement or the server.
/// </summary>
internal static partial class MaskedErrors
{
    // Fields that hold no value: severities, code. The place in the text may be one in a value that is read as a text, which then has a context.
    private static ReadOnlySpan<byte> Kept => "SVC"u8;

    // The place in the server's source: one code comes from many, and which it was may hang on a value.
    private static ReadOnlySpan<byte> Source => "FLR"u8;

    // Names of schema, table, column, type and constraint. A RAISE puts there whatever it likes, and has a context. Which of a domain's
    // constraints failed tells what a value is that was cast to it.
    private static ReadOnlySpan<byte> Names => "stcdn"u8;

    // Something that ran within the statement speaks: context, place in a text that is not the client's, that text.
    private static ReadOnlySpan<byte> Within => "Wpq"u8;

    // Classes that speak about the text if they name a place in it: run-time errors name none, and what the analyser reads of values are
    // the constants that the client has written.
    private static readonly string[] OfText = ["0A", "3D", "3F", "42", "54", "55"];

    // Codes and classes whose texts quote nothing but names that only the client gives: statements, savepoints; and the server's state.
    private static readonly string[] OfState = ["08P01", "25", "26", "3B", "40", "53200", "53300", "53400", "54001", "55P03", "57"];

    private const string Objects = "(table|view|materialized view|foreign table|sequence|index|relation|schema)";

    /// <summary>Writes one that may be passed on.</summary>
    /// <param name="kind">ErrorResponse or NoticeResponse.</param>
    /// <param name="body">As it came: Byte1 code, String, each; Byte1 0.</param>
    /// <param name="text">What it answers; null: that is not known.</param>
    /// <param name="hides">Whether something must not be shown, by what it looks like.</param>
    /// <param name="output">Cleared.</param>
    /// <exception cref="ProtocolException">It is not well formed.</exception>
    public static void Write(BackendMessage kind, ReadOnlySpan<byte> body, JudgedText? text, Func<ReadOnlySpan<byte>, bool> hides, RowBuffer output)
    {
        var reader = new PostgresReader(Peer.Upstream, body);
        ReadOnlySpan<byte> state = default, message = default;
        bool isPlaced = false, isWithin = false, isOfType = false;
        byte code;
        while ((code = reader.ReadByte()) != 0)
        {
            ReadOnlySpan<byte> value = reader.ReadCString();
            state = code == (byte)'C' ? value : state;
            message = code == (byte)'M' ? value : message;
            isPlaced |= code == (byte)'P';
            isWithin |= Within.Contains(code);
            isOfType |= code == (byte)'d';
        }

        reader.End();
        bool isSpoken = kind == BackendMessage.ErrorResponse && !isWithin && IsSpoken(state, message, isPlaced, text) && !hides(message);
        output.Byte((byte)kind);
        output.Int32(0);
        reader = new PostgresReader(Peer.Upstream, body);
        while ((code = reader.ReadByte()) != 0)
        {
            ReadOnlySpan<byte> value = reader.ReadCString();
            if (Kept.Contains(code) || (isSpoken && Source.Contains(code)) || (code == (byte)'P' && !isWithin) || (Names.Contains(code) && !isWithin && !isOfType && !hides(value)))
            {
                Field(output, code, value);
            }
        }

        Field(output, (byte)'M', isSpoken ? message : Words(kind, state));
        output.Byte(0);
        output.PatchLength(1, own: true);
    }

    private static void Field(RowBuffer output, byte code, ReadOnlySpan<byte> value)
    {
        output.Byte(code);
        output.Bytes(value);
        output.Byte(0);
    }

    private static bool IsSpoken(ReadOnlySpan<byte> state, ReadOnlySpan<byte> message, bool isPlaced, JudgedText? text)
    {
        if (state.Length != 5)
        {
            return false;
        }

        return (isPlaced && IsAny(state, OfText))
            || IsAny(state, OfState)
            || (state.SequenceEqual("0A000"u8) && message.SequenceEqual("cached plan must not change result type"u8))
            || (text is not null && OfObject().Match(Encoding.UTF8.GetString(message)) is { Success: true } match
                && Speaks(text, match.Groups["name"].Value));
    }

    // Drivers know some states by their text, and people want to know which table it was: one that the text itself names.
    [GeneratedRegex($"^((permission denied for|must be owner of) {Objects} (?<name>.+)|({Objects}|cursor) \"(?<name>.+)\" (does not exist|already exists))$", RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant)]
    private static partial Regex OfObject();

    private static bool Speaks(JudgedText text, string name) =>
        text.Parsed.Statements.Any(s => s.Facts.Accesses.Any(a => a.Relation is { } relation && IsName(relation, name)) || s.Changes.Any(c => NameOf(c) == name));

    private static bool IsName(SqlName relation, string name) => relation.Name == name || relation.Schema == name || relation.ToString() == name;

    private static string? NameOf(SessionChange change) => change switch
    {
        SessionChange.Fetch fetch => fetch.Name,
        SessionChange.Close close => close.Name,
        SessionChange.Declare declare => declare.Name,
        _ => null,
    };

    private static bool IsAny(ReadOnlySpan<byte> state, string[] known)
    {
        foreach (string one in known)
        {
            if (Ascii.Equals(state[..one.Length], one))
            {
                return true;
            }
        }

        return false;
    }

    private static ReadOnlySpan<byte> Words(BackendMessage kind, ReadOnlySpan<byte> state)
    {
        if (kind == BackendMessage.NoticeResponse)
        {
            return "a notice whose text is withheld: masking"u8;
        }

        if (state.SequenceEqual("42P01"u8))
        {
            return "a relation does not exist, its name is withheld: masking"u8;
        }

        if (state.SequenceEqual("42501"u8))
        {
            return "permission denied, for what is withheld: masking"u8;
        }

        return state.StartsWith("22"u8) ? "a value is not valid, its text is withheld: masking"u8
            : state.StartsWith("23"u8) ? "a constraint is violated, the values are withheld: masking"u8
            : "an error whose text is withheld: masking"u8;
    }
}
