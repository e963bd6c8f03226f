using System.Text.Json;
using WireGate.Core.Policy.Facts;

namespace WireGate.Postgres.Sql;

/// <summary>What reaches tables without their names: all of a schema, or whichever depend on something.</summary>
internal sealed partial class StatementReader
{
    private const string Any = SqlName.Any;

    /// <summary>Everything in a schema; null: in whichever.</summary>
    private void AllOf(string? schema, SqlEffects effect) => _facts.Access(effect, new SqlName(schema ?? Any, Any));

    private void Cascades(JsonElement node, SqlEffects effect)
    {
        if (node.Is("behavior"u8, "DROP_CASCADE"u8))
        {
            AllOf(null, effect);
        }
    }

    private static Meaning DefinesAll(string kind, SqlEffects effects) => (reader, node) =>
    {
        foreach (SqlEffects effect in (SqlEffects[])[SqlEffects.Privilege, SqlEffects.Ddl])
        {
            if ((effects & effect) != 0)
            {
                reader.Define(node, kind, effect);
                reader.AllOf(null, effect);
            }
        }
    };

    // VACUUM and the like: without a table they are upon every one there is, or every one of a schema.
    private void Maintain(JsonElement node, string kind, bool isNamed, string? schema = null)
    {
        if (isNamed)
        {
            Define(node, kind, SqlEffects.Ddl);
            return;
        }

        _facts.Kind(kind);
        AllOf(schema, SqlEffects.Ddl);
    }

    // Rules know it by its name.
    private static bool IsCalled(string? type) =>
        type is "OBJECT_FUNCTION" or "OBJECT_PROCEDURE" or "OBJECT_ROUTINE" or "OBJECT_AGGREGATE" or "OBJECT_OPERATOR";

    private void Grant(JsonElement grant)
    {
        Define(grant, grant.Flag("is_grant"u8) ? "grant" : "revoke", SqlEffects.Privilege);
        if (grant.Is("targtype"u8, "ACL_TARGET_ALL_IN_SCHEMA"u8) || grant.Is("objtype"u8, "OBJECT_SCHEMA"u8))
        {
            Schemas(grant, "objects"u8);
        }
    }

    // For whatever is made later, in some schemas or in all.
    private void DefaultPrivileges(JsonElement alter)
    {
        Define(alter, "alter", SqlEffects.Privilege);
        bool isLimited = false;
        foreach (JsonElement wrapped in alter.List("options"u8))
        {
            if (wrapped.IsA("DefElem"u8, out JsonElement option) && option.Text("defname"u8) == "schemas"
                && option.Has("arg"u8, out JsonElement argument) && argument.IsA("List"u8, out JsonElement list))
            {
                isLimited = true;
                Schemas(list, "items"u8);
            }
        }

        if (!isLimited)
        {
            AllOf(null, SqlEffects.Privilege);
        }
    }

    // Whoever subscribes reads it.
    private void Publication(JsonElement publication, string kind)
    {
        Define(publication, kind, SqlEffects.Ddl);
        if (publication.Flag("for_all_tables"u8))
        {
            AllOf(null, SqlEffects.Ddl);
        }

        foreach (JsonElement wrapped in publication.List("pubobjects"u8))
        {
            if (wrapped.IsA("PublicationObjSpec"u8, out JsonElement part) && !part.Is("pubobjtype"u8, "PUBLICATIONOBJ_TABLE"u8))
            {
                AllOf(part.Text("name"u8), SqlEffects.Ddl);
            }
        }
    }

    private void Schemas(JsonElement node, ReadOnlySpan<byte> field)
    {
        foreach (JsonElement schema in node.List(field))
        {
            AllOf(schema.StringNode(), SqlEffects.Privilege);
        }
    }
}
