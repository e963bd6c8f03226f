using System.Text.Json;
using WireGate.Core.Policy.Facts;

namespace WireGate.Postgres.Sql;

/// <summary>What makes, changes and drops objects, and gives rights.</summary>
internal sealed partial class StatementReader
{
    private const string Later = "what it defines runs later";
    private const string TablesOfType = "which tables of a type have the attribute for a column is not told";

    // Expressions that are met run when somebody uses what is defined; those of a DEFAULT cannot name a value. A view is followed by what
    // it is made of, what else is defined is not.
    private bool _isLater;
    private bool _isUnfollowed;
    private bool _isDefault;

    // Relations met in it are what it is upon; the other effects have none.
    private void Define(JsonElement node, string kind, SqlEffects effect, string? unknown = null)
    {
        _facts.Kind(kind);
        (SqlEffects outer, bool isLater, bool isUnfollowed) = (_effect, _isLater, _isUnfollowed);
        (_effect, _isLater, _isUnfollowed) = (effect, true, true);
        _facts.Defines = true;
        int mark = _facts.Mark();
        Descend(node);
        (_effect, _isLater, _isUnfollowed) = (outer, isLater, isUnfollowed);
        if (!_facts.Has(effect, mark))
        {
            _facts.Access(effect, null);
        }

        if (unknown is not null)
        {
            _facts.Unknown(unknown);
        }
    }

    private static Meaning Defines(string kind, SqlEffects effect, string? unknown = null) =>
        (reader, node) => reader.Define(node, kind, effect, unknown);

    private static Meaning DefinesLater(string kind) => Defines(kind, SqlEffects.Ddl, Later);

    // Who may do what hangs on it: policies, owners.
    private static Meaning DefinesRights(string kind) => (reader, node) =>
    {
        reader.Define(node, kind, SqlEffects.Ddl);
        reader._facts.Access(SqlEffects.Privilege, node.Has("table"u8, out JsonElement table) ? NameOf(table) : null);
    };

    private static Meaning Plain(string kind, SqlEffects effect) => (reader, _) =>
    {
        reader._facts.Kind(kind);
        if (effect != SqlEffects.None)
        {
            reader._facts.Access(effect, null);
        }
    };

    private static Meaning Unknowable(string kind, string why) => (reader, node) =>
    {
        reader._facts.Kind(kind);
        reader._facts.Unknown(why);
        reader.Descend(node);
    };

    private void CreateSchema(JsonElement schema)
    {
        Define(schema, "create", SqlEffects.Ddl);
        _facts.Access(SqlEffects.Ddl, null);
        if (schema.Has("authrole"u8))
        {
            _facts.Access(SqlEffects.Privilege, null);
        }

        if (schema.Has("schemaElts"u8))
        {
            _facts.Unknown("names within CREATE SCHEMA are looked for in the new schema first");
        }
    }

    private void View(JsonElement view)
    {
        _facts.Kind("create");
        if (view.Has("view"u8, out JsonElement relation))
        {
            _facts.Access(SqlEffects.Ddl, NameOf(relation));
        }

        Body(view, isLater: true);
    }

    private void CreateTableAs(JsonElement create)
    {
        // A materialized view runs again whenever it is refreshed.
        bool isView = create.Is("objtype"u8, "OBJECT_MATVIEW"u8);
        _facts.Kind(isView ? "create" : "create table as");
        if (create.Has("into"u8, out JsonElement into))
        {
            NewTable(into);
        }

        Body(create, isLater: isView);
    }

    // Its tables are read, but it is no statement of its own that a rule would have to name.
    private void Body(JsonElement definition, bool isLater)
    {
        if (definition.Has("query"u8, out JsonElement query))
        {
            _isLater = isLater;
            _depth++;
            Visit(query);
            _depth--;
            _isLater = false;
        }
    }

    private void Within(JsonElement node, bool isDefault)
    {
        bool outer = _isDefault;
        _isDefault = isDefault;
        Descend(node);
        _isDefault = outer;
    }

    private void AlterDomain(JsonElement alter)
    {
        _isDefault = alter.Is("subtype"u8, "T"u8);
        Define(alter, "alter", SqlEffects.Ddl);
        _isDefault = false;
    }

    // The table whose columns are copied is only read.
    private void Like(JsonElement like)
    {
        SqlEffects outer = _effect;
        _effect = SqlEffects.Read;
        Descend(like);
        _effect = outer;
    }

    private void AlterTable(JsonElement alter)
    {
        Define(alter, "alter", SqlEffects.Ddl);
        foreach (JsonElement wrapped in alter.List("cmds"u8))
        {
            if (wrapped.IsA("AlterTableCmd"u8, out JsonElement command)
                && command.Text("subtype"u8) is "AT_ChangeOwner" or "AT_EnableRowSecurity" or "AT_DisableRowSecurity"
                    or "AT_ForceRowSecurity" or "AT_NoForceRowSecurity")
            {
                _facts.Access(SqlEffects.Privilege, alter.Has("relation"u8, out JsonElement relation) ? NameOf(relation) : null);
            }

            Cascades(command, SqlEffects.Ddl);
            if (alter.Is("objtype"u8, "OBJECT_TYPE"u8) && command.Is("behavior"u8, "DROP_CASCADE"u8))
            {
                _facts.Unknown(TablesOfType);
            }
        }
    }

    private void Rename(JsonElement rename)
    {
        bool isRole = rename.Is("renameType"u8, "OBJECT_ROLE"u8);
        Define(rename, isRole ? "alter role" : "alter", SqlEffects.Ddl);
        if (rename.Text("renameType"u8) is { } type && rename.Has("relation"u8, out JsonElement relation)
            && IsRelation(type) && rename.Text("newname"u8) is { } name)
        {
            _facts.Access(SqlEffects.Ddl, NameOf(relation) with { Name = name });
        }

        // All that is in a schema has another name then.
        if (rename.Is("renameType"u8, "OBJECT_SCHEMA"u8))
        {
            AllOf(rename.Text("subname"u8), SqlEffects.Ddl);
            AllOf(rename.Text("newname"u8), SqlEffects.Ddl);
        }

        if (IsCalled(rename.Text("renameType"u8)))
        {
            _facts.Unknown(Later);
        }

        if (rename.Is("renameType"u8, "OBJECT_ATTRIBUTE"u8) && rename.Is("behavior"u8, "DROP_CASCADE"u8))
        {
            _facts.Unknown(TablesOfType);
        }

        if (isRole)
        {
            _facts.Access(SqlEffects.Privilege, null);
        }
    }

    private void Move(JsonElement move)
    {
        bool isExtension = move.Is("objectType"u8, "OBJECT_EXTENSION"u8);
        Define(
            move, "alter", SqlEffects.Ddl,
            isExtension ? "what belongs to an extension is not told" : IsCalled(move.Text("objectType"u8)) ? Later : null);
        if (move.Has("relation"u8, out JsonElement relation))
        {
            _facts.Access(SqlEffects.Ddl, new SqlName(move.Text("newschema"u8), NameOf(relation).Name));
        }
    }

    private void Drop(JsonElement drop)
    {
        _facts.Kind("drop");
        string type = drop.Text("removeType"u8) ?? "";
        int mark = _facts.Mark();
        foreach (JsonElement wrapped in drop.List("objects"u8))
        {
            SqlName? name = RelationOf(type, wrapped);
            if (name is not null)
            {
                _facts.Access(SqlEffects.Ddl, name);
            }

            if (type == "OBJECT_POLICY")
            {
                _facts.Access(SqlEffects.Privilege, name);
            }
        }

        if (type == "OBJECT_SCHEMA")
        {
            drop.List("objects"u8).ToList().ForEach(schema => AllOf(schema.StringNode(), SqlEffects.Ddl));
        }

        Cascades(drop, SqlEffects.Ddl);
        if (!_facts.Has(SqlEffects.Ddl, mark))
        {
            _facts.Access(SqlEffects.Ddl, null);
        }
    }

    private void Comment(JsonElement comment)
    {
        _facts.Kind("comment");
        SqlName? relation = comment.Has("object"u8, out JsonElement wrapped) ? RelationOf(comment.Text("objtype"u8) ?? "", wrapped) : null;
        _facts.Access(SqlEffects.Ddl, relation);
    }

    // The relation that an object is or belongs to, if it is one that has or is a relation.
    private static SqlName? RelationOf(string type, JsonElement wrapped)
    {
        if (!wrapped.IsA("List"u8, out JsonElement list))
        {
            return null;
        }

        List<string?> parts = list.Strings("items"u8);
        if (type is "OBJECT_TRIGGER" or "OBJECT_RULE" or "OBJECT_POLICY" or "OBJECT_COLUMN" or "OBJECT_TABCONSTRAINT" && parts.Count > 1)
        {
            return QualifiedName(parts[..^1]);
        }

        return IsRelation(type) ? QualifiedName(parts) : null;
    }

    private static bool IsRelation(string type) => type is "OBJECT_TABLE" or "OBJECT_VIEW" or "OBJECT_MATVIEW" or "OBJECT_SEQUENCE"
        or "OBJECT_INDEX" or "OBJECT_FOREIGN_TABLE";

    private void Role(JsonElement role, string kind)
    {
        Define(role, kind, SqlEffects.Privilege);
        foreach (JsonElement wrapped in role.List("options"u8))
        {
            _facts.SetsPassword |= wrapped.IsA("DefElem"u8, out JsonElement option) && option.Text("defname"u8) == "password";
        }
    }

    private void Truncate(JsonElement truncate)
    {
        // All rows, and none could be left out.
        _facts.HasWhere = false;
        Define(truncate, "truncate", SqlEffects.Write);
        Cascades(truncate, SqlEffects.Write);
    }

    private void Lock(JsonElement locks)
    {
        const int AccessShare = 1;
        bool isShared = locks.Has("mode"u8, out JsonElement mode) && mode.GetInt32() == AccessShare;
        Define(locks, "lock", isShared ? SqlEffects.Read : SqlEffects.Write);
    }

    private void Refresh(JsonElement refresh)
    {
        Define(refresh, "refresh materialized view", SqlEffects.Ddl);
        _facts.Access(SqlEffects.Write, refresh.Has("relation"u8, out JsonElement relation) ? NameOf(relation) : null);
    }
}
