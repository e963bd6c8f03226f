using System.Buffers;
using System.IO.Pipelines;
using WireGate.Core.Framing;
using WireGate.Core.Transport;
using WireGate.Postgres.Messages;
using WireGate.Postgres.Sql;

namespace WireGate.Postgres.Masking;

/// <summary>
/// Asks an upstream for its catalog. One query text with one result after the other; every name in it is the catalog's own, whatever the
/// search_path that the account begins with. A database of SQL_ASCII has names of any bytes, and tells them to nobody who asks for UTF-8.
/// </summary>
/// <param name="loop">Where the connection lives. What comes is read beside it: a database of a hundred thousand columns takes a second.</param>
/// <param name="statements">What is known of texts.</param>
/// <param name="time">The clock.</param>
internal sealed class CatalogReader(EventLoop loop, StatementCache statements, TimeProvider time)
{
    /// <summary>Bytes of all answers together; a database of a hundred thousand columns takes some ten million.</summary>
    private const long MostBytes = 64 * 1024 * 1024;

    /// <summary>Characters of all views' texts together: some thousand of usual length. What is known of one takes ten times as much memory.</summary>
    private const int MostText = 8 * 1024 * 1024;

    private const string Relations = """
        SELECT pg_catalog.set_config('search_path', 'pg_catalog', false),
            pg_catalog.set_config('client_encoding', CASE pg_catalog.current_setting('server_encoding') WHEN 'SQL_ASCII' THEN 'SQL_ASCII' ELSE 'UTF8' END, false);
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
    private readonly NamePool _names = new();
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

        List<uint> asked = await Task.Run(() => Unknown(before));
        await loop.Switch();
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

        return await Task.Run(() => new Catalog([.. _relations.Values], _textTypes, loadedAt));
    }

    // The views that are to be asked for.
    private List<uint> Unknown(Catalog? before)
    {
        List<CatalogRelation> views = [.. _relations.Values.Where(r => r.Rule is not null)];
        foreach (CatalogRelation view in views)
        {
            view.Definition = before?.Find(view.Oid) is { } known && IsAsBefore(view, known, before) ? known.Definition : null;
        }

        return [.. views.Where(v => v.Definition is null).Select(v => v.Oid)];
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
    private async ValueTask<bool> AskAsync(Connection connection, string text, RowHandler onRow)
    {
        MessageWriter query = MessageWriter.Begin(connection.Output, (byte)FrontendMessage.Query, MessageWriter.CStringLength(text));
        query.CString(text);
        query.End();
        await connection.Output.FlushAsync(CancellationToken.None);
        var answer = new CatalogAnswer(onRow);
        while (true)
        {
            ReadResult read = await connection.Input.ReadAsync(CancellationToken.None);
            if (_bytes + read.Buffer.Length > MostBytes)
            {
                throw new IOException($"a catalog of more than {MostBytes} bytes");
            }

            byte[] messages = Whole(read.Buffer, out SequencePosition end);
            connection.Input.AdvanceTo(end, read.Buffer.End);
            _bytes += messages.Length;
            await Task.Run(() => answer.Read(messages));
            await loop.Switch();
            if (answer.IsDone)
            {
                _error = answer.Error ?? _error;
                return answer.Error is null;
            }

            if (read.IsCompleted)
            {
                throw new IOException("closed while it told its catalog");
            }
        }
    }

    // A copy: whoever aborts the connection gives back its memory.
    private static byte[] Whole(ReadOnlySequence<byte> buffer, out SequencePosition end)
    {
        ReadOnlySequence<byte> rest = buffer;
        while (Frames.TryRead<UpstreamFramer>(rest, out _, out _, out SequencePosition consumed))
        {
            rest = rest.Slice(consumed);
        }

        end = rest.Start;
        return buffer.Slice(buffer.Start, end).ToArray();
    }

    private void Row(int result, CatalogRow row)
    {
        switch (result)
        {
            case 1:
                uint oid = row.Oid();
                _relations[oid] = new CatalogRelation(oid, row.Name(_names), row.Name(_names));
                break;
            case 2 when _relations.TryGetValue(row.Oid(), out CatalogRelation? relation):
                relation.Columns.Add(new CatalogColumn(row.Short(), row.Name(_names), row.Oid(), row.Flag()));
                break;
            case 3:
                (uint child, uint parent) = (row.Oid(), row.Oid());
                _relations.GetValueOrDefault(child)?.Kin.Add(parent);
                _relations.GetValueOrDefault(parent)?.Kin.Add(child);
                break;
            case 4 when _relations.TryGetValue(row.Oid(), out CatalogRelation? view):
                view.Sources.Add(row.Oid());
                break;
            case 5 when _relations.TryGetValue(row.Oid(), out CatalogRelation? view):
                view.Rule = $"{row.Oid()} {row.Oid()}";
                break;
            case 6:
                _textTypes.Add(row.Oid());
                break;
            case 7 when _relations.TryGetValue(row.Oid(), out CatalogRelation? relation):
                relation.Generated.Add((row.Short(), row.Short()));
                break;
            case 8 when _relations.TryGetValue(row.Oid(), out CatalogRelation? relation):
                relation.IsRewritten = true;
                break;
            case 9:
                _encoding = ServerEncodings.Of(row.Bytes());
                break;
            default:
                break;
        }
    }

    private void Definition(int result, CatalogRow row)
    {
        if (_relations.TryGetValue(row.Oid(), out CatalogRelation? view) && row.Bytes() is { IsEmpty: false } text)
        {
            _text += text.Length;
            ParsedText parsed = statements.Get(text);
            view.Definition = _encoding.ReadsAlike(parsed.Names) ? parsed : SqlParser.NamesOthers;
        }
    }
}
