using System.Runtime.InteropServices;
using System.Text;

namespace WireGate.Postgres.Sql;

/// <summary>
/// PostgreSQL's own parser, as the distribution's libpg_query has it: a text becomes the tree that the server itself would begin with.
/// Safe to call from any thread: the library keeps its state by thread.
/// </summary>
internal static unsafe partial class PgQuery
{
    private const string Library = "pg_query";

    /// <summary>Parses a text.</summary>
    /// <param name="text">It ends with a zero byte and is valid UTF-8.</param>
    /// <exception cref="PgQueryMissingException">The library is not installed.</exception>
    public static PgQueryResult Parse(ReadOnlySpan<byte> text)
    {
        PgQueryLibrary.Require();
        fixed (byte* start = text)
        {
            return new PgQueryResult(NativeParse(start));
        }
    }

    [LibraryImport(Library, EntryPoint = "pg_query_parse")]
    private static partial ParseResult NativeParse(byte* text);

    [LibraryImport(Library, EntryPoint = "pg_query_free_parse_result")]
    private static partial void NativeFree(ParseResult result);

    /// <summary>What the parser gave. It owns memory of the library.</summary>
    internal readonly ref struct PgQueryResult(ParseResult result)
    {
        /// <summary>The tree as JSON; empty if the text was refused.</summary>
        public ReadOnlySpan<byte> Tree => result.Error is null ? MemoryMarshal.CreateReadOnlySpanFromNullTerminated(result.Tree) : [];

        /// <summary>Why the text was refused; null: it was not.</summary>
        public string? Error => result.Error is null
            ? null
            : Encoding.UTF8.GetString(MemoryMarshal.CreateReadOnlySpanFromNullTerminated(result.Error->Message));

        /// <summary>Gives the memory back.</summary>
        public void Dispose() => NativeFree(result);
    }

    [StructLayout(LayoutKind.Sequential)]
    internal struct ParseResult
    {
        public byte* Tree;
        public byte* Notices;
        public ParseError* Error;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal struct ParseError
    {
        public byte* Message;
    }
}
