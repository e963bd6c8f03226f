using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using WireGate.Core.Policy.Facts;
using WireGate.Postgres.Startup;

namespace WireGate.Postgres.Sql;

/// <summary>What changes the session, and COPY, which takes its connection.</summary>
internal sealed partial class StatementReader
{
    private void Set(JsonElement set)
    {
        string? name = set.Text("name"u8);
        bool isLocal = set.Flag("is_local"u8);
        if (set.Is("kind"u8, "VAR_RESET_ALL"u8))
        {
            _facts.Kind("reset");
            _facts.Change(new SessionChange.ResetAll());
        }
        else if (set.Is("kind"u8, "VAR_SET_MULTI"u8))
        {
            SetTransaction(set, name);
        }
        else if (set.Is("kind"u8, "VAR_RESET"u8))
        {
            _facts.Kind("reset");
            Parameter(name, SettingValue.Default, false, false);
        }
        else
        {
            _facts.Kind(name switch { "role" => "set role", "session_authorization" => "set session authorization", _ => "set" });
            SettingValue value = set.Is("kind"u8, "VAR_SET_DEFAULT"u8) ? SettingValue.Default
                : set.Is("kind"u8, "VAR_SET_VALUE"u8) ? Constants(set)
                : SettingValue.Unknown;
            Parameter(name, value, isLocal, false);
        }
    }

    // SET TRANSACTION and SET SESSION CHARACTERISTICS say what a client may say when it connects. A snapshot is another session's.
    private void SetTransaction(JsonElement set, string? name)
    {
        _facts.Kind("set transaction");
        if (name is not ("TRANSACTION" or "SESSION CHARACTERISTICS"))
        {
            _facts.Access(SqlEffects.Session, null);
        }

        foreach (JsonElement wrapped in set.List("args"u8))
        {
            if (!wrapped.IsA("DefElem"u8, out JsonElement option)
                || option.Text("defname"u8) is not ("transaction_isolation" or "transaction_read_only" or "transaction_deferrable"))
            {
                _facts.Access(SqlEffects.Session, null);
            }
        }
    }

    private static SettingValue Constants(JsonElement set)
    {
        ImmutableArray<string>.Builder parts = ImmutableArray.CreateBuilder<string>();
        foreach (JsonElement wrapped in set.List("args"u8))
        {
            if (wrapped.Constant() is not { } constant)
            {
                return SettingValue.Unknown;
            }

            parts.Add(constant);
        }

        return SettingValue.Of(parts.DrainToImmutable());
    }

    // Names are compared without regard to case, in ASCII only, as the upstream does.
    private void Parameter(string? name, SettingValue value, bool? isLocal, bool byFunction)
    {
        string? lower = name?.ToLowerInvariant();
        _facts.Change(new SessionChange.Set(lower, value, isLocal, byFunction));
        if (lower is null or "client_encoding" || !AllowedParameters.Shipped.TryFind(Encoding.UTF8.GetBytes(lower), out _))
        {
            _facts.Access(SqlEffects.Session, null);
        }
    }

    // set_config('name', 'value', local)
    private bool SetsConfig(JsonElement call)
    {
        JsonElement[] arguments = [.. call.List("args"u8)];
        if (arguments.Length != 3 || arguments[0].Constant() is not { } name || call.Flag("func_variadic"u8))
        {
            Parameter(null, SettingValue.Unknown, null, true);
            return false;
        }

        bool? isLocal = arguments[2].Constant() switch { "true" => true, "false" => false, _ => null };
        Parameter(name, ConfigValue(name, arguments[1].Constant()), isLocal, true);
        return true;
    }

    private static SettingValue ConfigValue(string name, string? value)
    {
        if (value is null)
        {
            return SettingValue.Unknown;
        }

        if (!name.Equals("search_path", StringComparison.OrdinalIgnoreCase))
        {
            return SettingValue.Of([value]);
        }

        return QuotedNames.TryReadList(value, out List<string> schemas) ? SettingValue.Of([.. schemas]) : SettingValue.Unknown;
    }

    // The view pg_settings has a rule by which an UPDATE sets parameters.
    private void WritesSettings(SqlName target)
    {
        if (target is { Schema: null or Catalog, Name: "pg_settings" })
        {
            Parameter(null, SettingValue.Unknown, null, true);
            _facts.Unknown("a write to pg_settings sets parameters");
        }
    }

    private void Transaction(JsonElement transaction)
    {
        (string kind, TransactionStep step) = transaction.Text("kind"u8) switch
        {
            "TRANS_STMT_BEGIN" or "TRANS_STMT_START" => ("begin", TransactionStep.Begin),
            "TRANS_STMT_COMMIT" => ("commit", TransactionStep.Commit),
            "TRANS_STMT_ROLLBACK" => ("rollback", TransactionStep.Rollback),
            "TRANS_STMT_SAVEPOINT" => ("savepoint", TransactionStep.Savepoint),
            "TRANS_STMT_RELEASE" => ("release", TransactionStep.Release),
            "TRANS_STMT_ROLLBACK_TO" => ("rollback to", TransactionStep.RollbackTo),
            "TRANS_STMT_PREPARE" => ("prepare transaction", TransactionStep.PrepareTransaction),
            "TRANS_STMT_COMMIT_PREPARED" => ("commit prepared", TransactionStep.CommitPrepared),
            "TRANS_STMT_ROLLBACK_PREPARED" => ("rollback prepared", TransactionStep.RollbackPrepared),
            _ => (SqlKinds.Unknown, default),
        };
        _facts.Kind(kind);
        if (kind == SqlKinds.Unknown)
        {
            _facts.Unknown("transaction control of no known kind");
            return;
        }

        if (step is TransactionStep.PrepareTransaction or TransactionStep.CommitPrepared or TransactionStep.RollbackPrepared)
        {
            // What is prepared stays, with its locks, when its session is gone; and whatever any session prepared is done, or lost. The
            // view of them stands for all, so that a rule about tables does not cover them unless it names it.
            _facts.Access(SqlEffects.Write, new SqlName(Catalog, "pg_prepared_xacts"));
        }

        string? name = transaction.Text("savepoint_name"u8) ?? transaction.Text("gid"u8);
        _facts.Change(new SessionChange.Transaction(step, name, transaction.Flag("chain"u8)));
    }

    private void Discard(JsonElement discard)
    {
        _facts.Kind("discard");
        _facts.Change(new SessionChange.Discard(discard.Text("target"u8) switch
        {
            "DISCARD_PLANS" => DiscardTarget.Plans,
            "DISCARD_SEQUENCES" => DiscardTarget.Sequences,
            "DISCARD_TEMP" => DiscardTarget.Temp,
            _ => DiscardTarget.All,
        }));
    }

    private void Copy(JsonElement copy)
    {
        bool isFrom = copy.Flag("is_from"u8);
        CopyPeer peer = copy.Flag("is_program"u8) ? CopyPeer.Program : copy.Has("filename"u8) ? CopyPeer.File : CopyPeer.Client;
        _facts.Kind((isFrom, peer) switch
        {
            (true, CopyPeer.Client) => "copy from",
            (true, CopyPeer.File) => "copy from file",
            (true, CopyPeer.Program) => "copy from program",
            (false, CopyPeer.Client) => "copy to",
            (false, CopyPeer.File) => "copy to file",
            _ => "copy to program",
        });
        if (peer != CopyPeer.Client)
        {
            _facts.Unknown(peer == CopyPeer.File ? "COPY and a file of the upstream" : "COPY and a program of the upstream");
        }

        string? format = null;
        foreach (JsonElement wrapped in copy.List("options"u8))
        {
            if (wrapped.IsA("DefElem"u8, out JsonElement option) && option.Text("defname"u8) == "format")
            {
                format = option.Has("arg"u8, out JsonElement value) ? value.StringNode() : null;
            }
        }

        _facts.Change(new SessionChange.Copy(isFrom, peer, format));
        SqlName? target = null;
        if (copy.Has("relation"u8, out JsonElement relation))
        {
            target = NameOf(relation);
            _facts.Access(isFrom ? SqlEffects.Write : SqlEffects.Read, target);
        }

        List<string?> columns = copy.Strings("attlist"u8);
        foreach (string? column in columns.Count > 0 || target is null ? columns : [null])
        {
            _facts.Column(target?.Name, column ?? "*");
        }

        if (copy.Has("query"u8, out JsonElement query))
        {
            Visit(query);
        }

        if (copy.Has("whereClause"u8, out JsonElement where))
        {
            Visit(where);
        }
    }
}
