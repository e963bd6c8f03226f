using System.Collections.Frozen;
using System.Text.Json;
using WireGate.Core.Policy.Facts;

namespace WireGate.Postgres.Sql;

/// <summary>What each type of node means. The list is closed.</summary>
internal sealed partial class StatementReader
{
    private static readonly FrozenDictionary<string, Meaning> Meanings = new Dictionary<string, Meaning>(StringComparer.Ordinal)
    {
        // Queries and what changes rows.
        ["SelectStmt"] = (r, n) => r.SelectStatement(n),
        ["InsertStmt"] = (r, n) => r.Insert(n),
        ["UpdateStmt"] = (r, n) => r.Update(n),
        ["DeleteStmt"] = (r, n) => r.Delete(n),
        ["MergeStmt"] = (r, n) => r.Merge(n),
        ["TruncateStmt"] = (r, n) => r.Truncate(n),
        ["CopyStmt"] = (r, n) => r.Copy(n),
        ["LockStmt"] = (r, n) => r.Lock(n),
        ["RefreshMatViewStmt"] = (r, n) => r.Refresh(n),

        // The session.
        ["VariableSetStmt"] = (r, n) => r.Set(n),
        ["VariableShowStmt"] = Plain("show", SqlEffects.None),
        ["TransactionStmt"] = (r, n) => r.Transaction(n),
        ["ConstraintsSetStmt"] = Plain("set constraints", SqlEffects.Session),
        ["DiscardStmt"] = (r, n) => r.Discard(n),
        ["PrepareStmt"] = (r, n) => r.Prepare(n),
        ["ExecuteStmt"] = (r, n) => r.Execute(n),
        ["DeallocateStmt"] = (r, n) => r.Deallocate(n),
        ["DeclareCursorStmt"] = (r, n) => r.Declare(n),
        ["FetchStmt"] = (r, n) => r.Fetch(n),
        ["ClosePortalStmt"] = (r, n) => r.Close(n),
        ["ExplainStmt"] = (r, n) => r.Explain(n),
        ["ListenStmt"] = Plain("listen", SqlEffects.Session),

        // It only gives up, as DISCARD ALL does; some pools send it whenever a connection comes back.
        ["UnlistenStmt"] = Plain("unlisten", SqlEffects.None),
        ["NotifyStmt"] = Plain("notify", SqlEffects.Write),

        // What cannot be known.
        ["DoStmt"] = Unknowable("do", "DO runs a text that is not SQL"),
        ["CallStmt"] = Unknowable("call", "a procedure may do anything"),
        ["LoadStmt"] = Unknowable("load", "LOAD runs a file of the upstream"),

        // Objects.
        ["CreateStmt"] = Defines("create", SqlEffects.Ddl),
        ["CreateTableAsStmt"] = (r, n) => r.CreateTableAs(n),
        ["ViewStmt"] = (r, n) => r.View(n),
        ["IndexStmt"] = Defines("create", SqlEffects.Ddl),
        ["CreateSeqStmt"] = Defines("create", SqlEffects.Ddl),
        ["CreateSchemaStmt"] = (r, n) => r.CreateSchema(n),
        ["CreateDomainStmt"] = Defines("create", SqlEffects.Ddl),
        ["CompositeTypeStmt"] = Defines("create", SqlEffects.Ddl),
        ["CreateEnumStmt"] = Defines("create", SqlEffects.Ddl),
        ["CreateStatsStmt"] = (r, n) => r.Define(n, "create", SqlEffects.Ddl),
        ["CreatedbStmt"] = Defines("create", SqlEffects.Ddl),
        ["CreateTableSpaceStmt"] = Defines("create", SqlEffects.Ddl, "a tablespace is a folder of the upstream"),
        ["CreatePublicationStmt"] = (r, n) => r.Publication(n, "create"),
        ["CreatePolicyStmt"] = DefinesRights("create"),
        ["CreateRangeStmt"] = DefinesLater("create"),
        ["CreateFunctionStmt"] = DefinesLater("create"),
        ["RuleStmt"] = DefinesLater("create"),
        ["CreateTrigStmt"] = DefinesLater("create"),
        ["CreateEventTrigStmt"] = DefinesLater("create"),
        ["CreateExtensionStmt"] = DefinesLater("create"),
        ["CreateSubscriptionStmt"] = DefinesLater("create"),
        ["CreateForeignServerStmt"] = DefinesLater("create"),
        ["CreateForeignTableStmt"] = DefinesLater("create"),
        ["CreateFdwStmt"] = DefinesLater("create"),
        ["CreateUserMappingStmt"] = DefinesLater("create"),
        ["CreateCastStmt"] = DefinesLater("create"),
        ["CreateConversionStmt"] = DefinesLater("create"),
        ["CreateOpClassStmt"] = DefinesLater("create"),
        ["CreateOpFamilyStmt"] = DefinesLater("create"),
        ["CreateTransformStmt"] = DefinesLater("create"),
        ["CreateAmStmt"] = DefinesLater("create"),
        ["CreatePLangStmt"] = DefinesLater("create"),
        ["DefineStmt"] = DefinesLater("create"),
        ["ImportForeignSchemaStmt"] = DefinesLater("import foreign schema"),

        ["AlterTableStmt"] = (r, n) => r.AlterTable(n),
        ["RenameStmt"] = (r, n) => r.Rename(n),
        ["AlterObjectSchemaStmt"] = (r, n) => r.Move(n),
        ["AlterObjectDependsStmt"] = Defines("alter", SqlEffects.Ddl),
        ["AlterDomainStmt"] = (r, n) => r.AlterDomain(n),
        ["AlterSeqStmt"] = Defines("alter", SqlEffects.Ddl),
        ["AlterEnumStmt"] = Defines("alter", SqlEffects.Ddl),
        ["AlterCollationStmt"] = Defines("alter", SqlEffects.Ddl),
        ["AlterStatsStmt"] = Defines("alter", SqlEffects.Ddl),
        ["AlterDatabaseStmt"] = Defines("alter", SqlEffects.Ddl),
        ["AlterDatabaseRefreshCollStmt"] = Defines("alter", SqlEffects.Ddl),
        ["AlterTableMoveAllStmt"] = DefinesAll("alter", SqlEffects.Ddl),
        ["AlterTableSpaceOptionsStmt"] = Defines("alter", SqlEffects.Ddl),
        ["AlterPublicationStmt"] = (r, n) => r.Publication(n, "alter"),
        ["AlterPolicyStmt"] = DefinesRights("alter"),
        ["AlterFunctionStmt"] = DefinesLater("alter"),
        ["AlterOperatorStmt"] = DefinesLater("alter"),
        ["AlterOpFamilyStmt"] = DefinesLater("alter"),
        ["AlterTypeStmt"] = DefinesLater("alter"),
        ["AlterTSDictionaryStmt"] = DefinesLater("alter"),
        ["AlterTSConfigurationStmt"] = DefinesLater("alter"),
        ["AlterFdwStmt"] = DefinesLater("alter"),
        ["AlterForeignServerStmt"] = DefinesLater("alter"),
        ["AlterUserMappingStmt"] = DefinesLater("alter"),
        ["AlterExtensionStmt"] = DefinesLater("alter"),
        ["AlterExtensionContentsStmt"] = DefinesLater("alter"),
        ["AlterEventTrigStmt"] = DefinesLater("alter"),
        ["AlterSubscriptionStmt"] = DefinesLater("alter"),

        ["DropStmt"] = (r, n) => r.Drop(n),
        ["DropdbStmt"] = Defines("drop", SqlEffects.Ddl),
        ["DropTableSpaceStmt"] = Defines("drop", SqlEffects.Ddl),
        ["DropUserMappingStmt"] = Defines("drop", SqlEffects.Ddl),
        ["DropSubscriptionStmt"] = Defines("drop", SqlEffects.Ddl),

        ["CommentStmt"] = (r, n) => r.Comment(n),
        ["ReindexStmt"] = (r, n) => r.Maintain(n, "reindex", n.Has("relation"u8), n.Is("kind"u8, "REINDEX_OBJECT_SCHEMA"u8) ? n.Text("name"u8) : null),
        ["ClusterStmt"] = (r, n) => r.Maintain(n, "cluster", n.Has("relation"u8)),
        ["CheckPointStmt"] = Plain("checkpoint", SqlEffects.Ddl),
        ["VacuumStmt"] = (r, n) => r.Maintain(n, n.Flag("is_vacuumcmd"u8) ? "vacuum" : "analyze", n.Has("rels"u8)),

        // Rights.
        ["GrantStmt"] = (r, n) => r.Grant(n),
        ["GrantRoleStmt"] = (r, n) => r.Define(n, n.Flag("is_grant"u8) ? "grant" : "revoke", SqlEffects.Privilege),
        ["AlterDefaultPrivilegesStmt"] = (r, n) => r.DefaultPrivileges(n),
        ["AlterOwnerStmt"] = DefinesRights("alter"),
        ["CreateRoleStmt"] = (r, n) => r.Role(n, "create role"),
        ["AlterRoleStmt"] = (r, n) => r.Role(n, "alter role"),
        ["AlterRoleSetStmt"] = Defines("alter role", SqlEffects.Privilege),
        ["DropRoleStmt"] = Defines("drop role", SqlEffects.Privilege),
        ["AlterDatabaseSetStmt"] = Defines("alter", SqlEffects.Privilege),
        ["AlterSystemStmt"] = Defines("alter", SqlEffects.Privilege),
        ["ReassignOwnedStmt"] = DefinesAll("reassign owned", SqlEffects.Privilege),
        ["DropOwnedStmt"] = DefinesAll("drop owned", SqlEffects.Privilege | SqlEffects.Ddl),
        ["SecLabelStmt"] = Defines("security label", SqlEffects.Privilege),

        // Within statements, with a meaning of their own.
        ["RangeVar"] = (r, n) => r.Relation(n),
        ["RangeSubselect"] = (r, n) => r.Subquery(n),
        ["RangeFunction"] = (r, n) => r.FunctionInFrom(n),
        ["RangeTableSample"] = (r, n) => r.Sample(n),
        ["JoinExpr"] = (r, n) => r.Join(n),
        ["SubLink"] = (r, n) => r.SubLink(n),
        ["FuncCall"] = (r, n) => r.Function(n),
        ["SQLValueFunction"] = (r, n) => r.ValueFunction(n),
        ["ColumnRef"] = (r, n) => r.Column(n),
        ["A_Indirection"] = (r, n) => r.FieldSelection(n),
        ["A_Expr"] = (r, n) => r.Expression(n),
        ["SortBy"] = (r, n) => r.Sort(n),
        ["TableLikeClause"] = (r, n) => r.Like(n),
        ["Constraint"] = (r, n) => r.Within(n, n.Is("contype"u8, "CONSTR_DEFAULT"u8)),
        ["CurrentOfExpr"] = (r, _) => r._facts.NamesCursor = true,
        ["AlterTableCmd"] = (r, n) => r.Within(n, n.Is("subtype"u8, "AT_ColumnDefault"u8)),
    }
    .Concat(Names(Leaf, "A_Const", "A_Star", "String", "Integer", "Float", "Boolean", "BitString", "ParamRef", "SetToDefault",
        "RoleSpec", "Alias", "LockingClause", "TriggerTransition", "Null"))
    .Concat(Names((r, n) => r.Descend(n), "List", "ResTarget", "TypeCast", "TypeName", "BoolExpr", "NullTest", "BooleanTest", "CaseExpr",
        "CaseWhen", "CoalesceExpr", "MinMaxExpr", "RowExpr", "A_ArrayExpr", "A_Indices", "CollateClause", "NamedArgExpr", "XmlExpr",
        "XmlSerialize", "GroupingFunc", "GroupingSet", "WindowDef", "RangeTableFunc", "RangeTableFuncCol", "ColumnDef",
        "CommonTableExpr", "MultiAssignRef", "IndexElem", "StatsElem", "DefElem", "ObjectWithArgs",
        "FunctionParameter", "AccessPriv", "PartitionElem", "PartitionSpec", "PartitionBoundSpec", "PartitionRangeDatum", "PartitionCmd",
        "VacuumRelation", "PublicationObjSpec", "PublicationTable", "CreateOpClassItem", "InferClause", "MergeWhenClause",
        "ReturnStmt", "ReplicaIdentityStmt"))
    .ToFrozenDictionary(StringComparer.Ordinal);

    private static readonly FrozenDictionary<string, Meaning>.AlternateLookup<ReadOnlySpan<char>> MeaningsByName =
        Meanings.GetAlternateLookup<ReadOnlySpan<char>>();

    // Fields that hold a structure without its wrapper. Relations are not here: they are known by their relname.
    private static readonly FrozenDictionary<string, Meaning>.AlternateLookup<ReadOnlySpan<char>> StructuresByField =
        Names(
            Leaf, "alias", "join_using_alias", "newowner", "role", "grantor", "authrole", "newrole", "owner", "user", "extname", "setstmt")
        .Concat(Names((r, n) => r.Descend(n), "typeName", "ofTypename", "returnType", "argType", "sourcetype", "targettype", "datatype",
            "storedtype", "type_name", "over", "infer", "collClause", "partbound", "partspec", "bound", "search_clause", "cycle_clause",
            "pubtable", "func", "opername", "fromsql", "tosql", "name", "action"))
        .Concat(
        [
            new("base", Meanings["CreateStmt"]), new("funccall", Meanings["FuncCall"]),
        ])
        .ToFrozenDictionary(StringComparer.Ordinal)
        .GetAlternateLookup<ReadOnlySpan<char>>();

    private static void Leaf(StatementReader reader, JsonElement node)
    {
    }

    private static IEnumerable<KeyValuePair<string, Meaning>> Names(Meaning meaning, params string[] names) =>
        names.Select(name => KeyValuePair.Create(name, meaning));
}
