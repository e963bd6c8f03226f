using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using System.Text;
using WireGate.Core.Framing;
using WireGate.Core.Transport;
using WireGate.Postgres.Messages;
using WireGate.Postgres.Sql;
using WireGate.Postgres.Upstream;

namespace WireGate.Postgres.Masking;

/// <summary>
/// Asks an upstream for its catalog. One query text with one result after the other; every name in it is the catalog's own, whatever the
/// search_path that the account begins with.
/// </summary>
internal sealed class CatalogReader(StatementCache statements, TimeProvider time)
{
    /// <summary>Bytes of all answers together; a database of a hundred thousand columns takes some ten million.</summary>
    private const long MostBytes = 64 * 1024 * 1024;

    /// <summary>Characters of all views' texts together: some thousand of usual length. What is known of one takes ten times as much memory.</summary>
    private const int MostText = 8 * 1024 * 1024;

    private const string Relations = """
        SET search_path = pg_catalog;
        SELECT c.oid, n.nspname, c.relname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
            WHERE c.relkind IN ('r', 'v', 'm', 'f', 'p', 'S', 't', 'c');
        SELECT a.attrelid, a.attnum, a.attname, CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.oid END, a.attgenerated <> ''
            FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
            WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'v', 'm', 'f', 'p', 'S', 't', 'c') ORDER BY a.attrelid, a.attnum;
        SELECT i.inhrelid, i.inhparent FROM pg_catalog.pg_inherits i;
        SELECT DISTINCT r.ev_class, d.refobjid FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_rewrite r ON r.oid = d.objid
            WHERE d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
            AND d.refobjid <> r.ev_class AND r.ev_type = '1';
        SELECT r.ev_class, r.oid, r.xmin FROM pg_catalog.pg_rewrite r JOIN pg_catalog.pg_class c ON c.oid = r.ev_class
            WHERE r.ev_type = '1' AND c.relkind IN ('v', 'm') AND c.oid >= 16384;
        SELECT t.oid FROM pg_catalog.pg_type t WHERE t.typname = 'citext' AND t.typtype = 'b';
        SELECT a.attrelid, a.attnum, d.refobjsubid FROM pg_catalog.pg_attribute a
            LEFT JOIN pg_catalog.pg_attrdef e ON e.adrelid = a.attrelid AND e.adnum = a.attnum
            JOIN pg_catalog.pg_depend d ON d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refobjid = a.attrelid
            AND (d.classid = 'pg_catalog.pg_attrdef'::pg_catalog.regclass AND d.objid = e.oid
            OR d.classid = d.refclassid AND d.objid = a.attrelid AND d.objsubid = a.attnum)
            WHERE a.attgenerated <> '' AND d.refobjsubid > 0 AND d.refobjsubid <> a.attnum;
        SELECT DISTINCT r.ev_class FROM pg_catalog.pg_rewrite r WHERE r.ev_type <> '1';
        SELECT pg_catalog.current_setting('server_encoding');
        """;

    // The server locks what a view reads to tell what it is, and somebody may hold a lock on that for long.
    private const string FirstWait = "SET lock_timeout = '300ms'; SET statement_timeout = '2s'";
    private const string NextWait = "SET lock_timeout = '10ms'; SET statement_timeout = '200ms'";

    /// <summary>How long views are asked for one by one.</summary>
    private static readonly TimeSpan MostTime = TimeSpan.FromSeconds(2);

    /// <summary>
    /// Bytes that a view takes where the server keeps it, compressed. One whose text is short enough to be read takes a tenth of it; the text
    /// of one that is larger may take the server minutes to write.
    /// </summary>
    private const int MostStored = 1024 * 1024;

    private readonly Dictionary<uint, CatalogRelation> _relations = [];
    private readonly HashSet<uint> _textTypes = [];
    private ServerEncoding _encoding;
    private long _bytes;
    private long _text;
    private string? _error;

    /// <summary>Reads it.</summary>
    /// <param name="connection">Of a session that nobody else uses.</param>
    /// <param name="loadedAt">What the catalog is dated with.</param>
    /// <param name="before">What was read last: views that are as they were then are not asked for; null: nothing was.</param>
    /// <exception cref="IOException">The upstream closed, or refused.</exception>
    /// <exception cref="ProtocolException">It broke the protocol.</exception>
    public async ValueTask<Catalog> ReadAsync(Connection connection, long loadedAt, Catalog? before)
    {
        if (!await AskAsync(connection, Relations, Row))
        {
            throw new IOException("refused to tell its catalog");
        }

        List<CatalogRelation> views = [.. _relations.Values.Where(r => r.Rule is not null)];
        foreach (CatalogRelation view in views)
        {
            view.Definition = before?.Find(view.Oid) is { } known && IsAsBefore(view, known, before) ? known.Definition : null;
        }

        List<uint> asked = [.. views.Where(v => v.Definition is null).Select(v => v.Oid)];
        if (asked.Count > 0 && !await AskDefinitionsAsync(connection, FirstWait, asked))
        {
            long begin = time.GetTimestamp();
            foreach (uint view in asked.TakeWhile(_ => _text <= MostText && time.GetElapsedTime(begin) < MostTime))
            {
                if (!await AskDefinitionsAsync(connection, NextWait, [view]) && _error == SqlState.QueryCanceled)
                {
                    // It would be no other the next time.
                    _relations[view].Definition = SqlParser.TooLong;
                }
            }
        }

        return new Catalog([.. _relations.Values], _textTypes, loadedAt);
    }

    // What is too long is not read, and so is what comes behind too much: of these nothing is known.
    private async ValueTask<bool> AskDefinitionsAsync(Connection connection, string wait, List<uint> views) =>
        await AskAsync(
            connection,
            $$"""
            {{wait}};
            SELECT d.oid, CASE WHEN pg_catalog.sum(pg_catalog.length(d.text)) OVER (ORDER BY d.oid) > {{MostText}} THEN '(too much)' ELSE d.text END
                FROM (SELECT v.oid, CASE WHEN pg_catalog.pg_column_size(r.ev_action) > {{MostStored}} THEN '(too large)'
                    ELSE pg_catalog."left"(pg_catalog.pg_get_viewdef(v.oid), {{SqlParser.MostBytes}} + 1) END AS text
                    FROM pg_catalog.unnest('{{{string.Join(',', views)}}}'::pg_catalog.oid[]) v(oid)
                    JOIN pg_catalog.pg_rewrite r ON r.ev_class = v.oid AND r.ev_type = '1') d
            """,
            Definition);

    // Its text says the names of what it reads, which that may have changed.
    private bool IsAsBefore(CatalogRelation view, CatalogRelation known, Catalog before) =>
        known.Rule == view.Rule && known.Sources.Count == view.Sources.Count && view.Sources.TrueForAll(
            oid => !_relations.TryGetValue(oid, out CatalogRelation? source)
                || (before.Find(oid) is { } was && was.Schema == source.Schema && was.Name == source.Name && was.Columns.SequenceEqual(source.Columns)));

    /// <returns>False: it answered with an error.</returns>
    private async ValueTask<bool> AskAsync(Connection connection, string text, Action<int, string[]> onRow)
    {
        MessageWriter query = MessageWriter.Begin(connection.Output, (byte)FrontendMessage.Query, MessageWriter.CStringLength(text));
        query.CString(text);
        query.End();
        await connection.Output.FlushAsync(CancellationToken.None);
        int result = 0;
        bool isRefused = false;
        while (true)
        {
            ReadResult read = await connection.Input.ReadAsync(CancellationToken.None);
            ReadOnlySequence<byte> buffer = read.Buffer;
            bool isDone = false;
            while (!isDone && Frames.TryRead<UpstreamFramer>(buffer, out byte kind, out ReadOnlySequence<byte> body, out SequencePosition consumed))
            {
                _bytes += body.Length;
                switch ((BackendMessage)kind)
                {
                    case BackendMessage.DataRow:
                        onRow(result, Fields(body.IsSingleSegment ? body.FirstSpan : body.ToArray()));
                        break;
                    case BackendMessage.CommandComplete:
                        result++;
                        break;
                    case BackendMessage.ErrorResponse:
                        isRefused = true;
                        _error = ErrorFields.Read(body.IsSingleSegment ? body.FirstSpan : body.ToArray(), new UpstreamText("", null)).SqlState;
                        break;
                    default:
                        isDone = (BackendMessage)kind == BackendMessage.ReadyForQuery;
                        break;
                }

                buffer = buffer.Slice(consumed);
            }

            connection.Input.AdvanceTo(buffer.Start, buffer.End);
            if (isDone)
            {
                return !isRefused;
            }

            if (read.IsCompleted || _bytes + buffer.Length > MostBytes)
            {
                throw new IOException(read.IsCompleted ? "closed while it told its catalog" : $"a catalog of more than {MostBytes} bytes");
            }
        }
    }

    // Int16 count | Int32 length or -1, bytes, each
    private static string[] Fields(ReadOnlySpan<byte> body)
    {
        var reader = new PostgresReader(Peer.Upstream, body);
        string[] fields = new string[Math.Max((short)0, reader.ReadInt16())];
        for (int i = 0; i < fields.Length; i++)
        {
            int length = reader.ReadInt32();
            fields[i] = length < 0 ? "" : Encoding.UTF8.GetString(reader.ReadBytes(length));
        }

        return fields;
    }

    private void Row(int result, string[] fields)
    {
        switch (result, fields)
        {
            case (1, [var oid, var schema, var name]):
                _relations[Oid(oid)] = new CatalogRelation(Oid(oid), schema, name);
                break;
            case (2, [var oid, var number, var name, var type, var generated]) when _relations.TryGetValue(Oid(oid), out CatalogRelation? relation):
                relation.Columns.Add(new CatalogColumn(short.Parse(number, CultureInfo.InvariantCulture), name, Oid(type), generated == "t"));
                break;
            case (3, [var child, var parent]):
                Relate(child, parent, r => r.Kin);
                Relate(parent, child, r => r.Kin);
                break;
            case (4, [var view, var source]):
                Relate(view, source, r => r.Sources);
                break;
            case (5, [var oid, var rule, var version]) when _relations.TryGetValue(Oid(oid), out CatalogRelation? view):
                view.Rule = $"{rule} {version}";
                break;
            case (6, [var oid]):
                _textTypes.Add(Oid(oid));
                break;
            case (7, [var oid, var number, var source]) when _relations.TryGetValue(Oid(oid), out CatalogRelation? relation):
                relation.Generated.Add((short.Parse(number, CultureInfo.InvariantCulture), short.Parse(source, CultureInfo.InvariantCulture)));
                break;
            case (8, [var oid]) when _relations.TryGetValue(Oid(oid), out CatalogRelation? relation):
                relation.IsRewritten = true;
                break;
            case (9, [var name]):
                _encoding = ServerEncodings.Of(Encoding.ASCII.GetBytes(name));
                break;
            default:
                break;
        }
    }

    private void Definition(int result, string[] fields)
    {
        if (fields is [var oid, { Length: > 0 } text] && _relations.TryGetValue(Oid(oid), out CatalogRelation? view))
        {
            _text += text.Length;
            ParsedText parsed = statements.Get(Encoding.UTF8.GetBytes(text));
            view.Definition = _encoding.ReadsAlike(parsed.Names) ? parsed : SqlParser.NamesOthers;
        }
    }

    private void Relate(string from, string to, Func<CatalogRelation, List<uint>> list)
    {
        if (_relations.TryGetValue(Oid(from), out CatalogRelation? relation))
        {
            list(relation).Add(Oid(to));
        }
    }

    private static uint Oid(string text) =>
        uint.TryParse(text, CultureInfo.InvariantCulture, out uint oid) ? oid : throw new ProtocolException(Peer.Upstream, "a catalog that is none");
}
