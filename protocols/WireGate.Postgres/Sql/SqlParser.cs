using System.Buffers;
using System.Collections.Immutable;
using System.Runtime.ExceptionServices;
using System.Text.Json;
using System.Text.Unicode;
using WireGate.Core.Policy.Facts;

namespace WireGate.Postgres.Sql;

/// <summary>From the bytes of a SQL text to its facts. Whatever the bytes are there is an answer, and no worse one than unknown.</summary>
internal static class SqlParser
{
    /// <summary>
    /// Longer texts are not parsed. A tree takes about fifty times its text and a place in memory beside it; what people and drivers write
    /// is far below, and what is above are loads of rows, which COPY and parameters carry better.
    /// </summary>
    public const int MostBytes = 64 * 1024;

    // Deeper trees are not walked: it is a call on the stack for each level. A concatenation of two hundred parts has a depth of 800.
    private const int MostDepth = 1500;

    private static readonly JsonDocumentOptions Options = new() { MaxDepth = MostDepth };
    private static readonly JsonReaderOptions ReaderOptions = new() { MaxDepth = MostDepth };

    // The parser writes its tree by calls that nest as the text does, takes about a hundred bytes of stack for each level, and a level
    // takes two bytes of text at least. What is short enough for any thread's stack is parsed where it is; the rest on a stack of its own.
    private const int MostBytesInPlace = 8 * 1024;
    private const int DeepStack = 16 * 1024 * 1024;

    /// <summary>What is known of a text that is too long to be read. Shared, as the others, so that a decision kept by the facts is found again.</summary>
    public static ParsedText TooLong { get; } = Unknown($"longer than {MostBytes} bytes");

    private static readonly ParsedText NotText = Unknown("not valid UTF-8");
    private static readonly ParsedText OutOfProportion = Unknown("to read it might take out of proportion to its length");

    /// <summary>What is known of a text whose names a server takes for others.</summary>
    public static ParsedText NamesOthers { get; } = Unknown("a name beyond ASCII may be another one to this server, whose encoding is not UTF8");

    /// <summary>Parses and reads a text.</summary>
    /// <param name="text">Without its terminating zero byte.</param>
    /// <exception cref="PgQueryMissingException">The parser is not installed.</exception>
    public static ParsedText Parse(ReadOnlySpan<byte> text)
    {
        if (text.Length > MostBytes)
        {
            return TooLong;
        }

        if (text.Contains((byte)0) || !Utf8.IsValid(text))
        {
            return NotText;
        }

        if (!AssignmentGuard.IsBounded(text) || !OperatorRuns.AreBounded(text))
        {
            return OutOfProportion;
        }

        byte[] terminated = ArrayPool<byte>.Shared.Rent(text.Length + 1);
        try
        {
            text.CopyTo(terminated);
            terminated[text.Length] = 0;
            return text.Length <= MostBytesInPlace ? ParseHere(terminated, text.Length) : ParseDeep(terminated, text.Length);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(terminated);
        }
    }

    private static ParsedText ParseDeep(byte[] terminated, int length)
    {
        PgQueryLibrary.Require();
        ParsedText? parsed = null;
        ExceptionDispatchInfo? failure = null;
        var thread = new Thread(
            () =>
            {
                try
                {
                    parsed = ParseHere(terminated, length);
                }
                catch (Exception e)
                {
                    failure = ExceptionDispatchInfo.Capture(e);
                }
            },
            DeepStack)
        {
            IsBackground = true,
        };
        thread.Start();
        thread.Join();
        failure?.Throw();
        return parsed!;
    }

    private static ParsedText ParseHere(byte[] terminated, int length)
    {
        using PgQuery.PgQueryResult result = PgQuery.Parse(terminated);
        return result.Error is { } error ? Unknown(Reason(error)) : Read(result.Tree, terminated.AsSpan(0, length));
    }

    private static ParsedText Read(ReadOnlySpan<byte> tree, ReadOnlySpan<byte> text)
    {
        byte[] copy = ArrayPool<byte>.Shared.Rent(tree.Length);
        try
        {
            tree.CopyTo(copy);
            using JsonDocument document = JsonDocument.Parse(copy.AsMemory(0, tree.Length), Options);
            ImmutableArray<ParsedStatement>.Builder statements = ImmutableArray.CreateBuilder<ParsedStatement>(1);
            foreach (JsonElement statement in document.RootElement.List("stmts"u8))
            {
                bool isThere = statement.Has("stmt"u8, out JsonElement wrapped);
                statements.Add(isThere ? StatementReader.Read(wrapped) : UnknownStatement("empty"));
            }

            bool readsAlike = !text.Contains((byte)'\\') && System.Text.Ascii.IsValid(text);
            return new ParsedText(statements.DrainToImmutable())
            {
                ReadsAlikeEverywhere = readsAlike,
                Names = readsAlike ? NamesBeyondAscii.None : NamesBeyondAsciiReader.Read(tree, ReaderOptions),
            };
        }
        catch (JsonException)
        {
            // The only fault that the parser's own output can have.
            return Unknown("nested too deeply");
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(copy);
        }
    }

    private static ParsedText Unknown(string why) => new([UnknownStatement(why)]);

    private static ParsedStatement UnknownStatement(string why)
    {
        var facts = new FactsBuilder();
        facts.Kind(SqlKinds.Unknown);
        facts.Unknown(why);
        return facts.Build();
    }

    // The parser cites the text where it stopped; a reason goes where the text itself may not.
    private static string Reason(string error)
    {
        int cited = error.IndexOf(" at or near ", StringComparison.Ordinal);
        return $"does not parse: {(cited < 0 ? error : error[..cited])}";
    }
}
