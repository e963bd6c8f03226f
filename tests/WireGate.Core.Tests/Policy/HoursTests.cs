using System.Globalization;
using NUnit.Framework;
using WireGate.Core.Configuration;
using WireGate.Core.Policy;
using WireGate.Core.Policy.Facts;
using WireGate.Testing.Time;
using static WireGate.Core.Tests.Policy.RuleHouse;

namespace WireGate.Core.Tests.Policy;

internal sealed class HoursTests
{
    // 2026-03-02 is a Monday. The clocks of Berlin go forward on 2026-03-29 at 01:00 UTC and back on 2026-10-25 at 01:00 UTC.
    [TestCase("Mon-Fri 08:00-20:00 UTC", "2026-03-02 08:00", ExpectedResult = true, TestName = "Hours_begin_with_their_first_minute")]
    [TestCase("Mon-Fri 08:00-20:00 UTC", "2026-03-02 19:59", ExpectedResult = true, TestName = "Hours_last_to_their_last_minute")]
    [TestCase("Mon-Fri 08:00-20:00 UTC", "2026-03-02 20:00", ExpectedResult = false, TestName = "Hours_end_before_their_end")]
    [TestCase("Mon-Fri 08:00-20:00 UTC", "2026-03-07 12:00", ExpectedResult = false, TestName = "A_day_that_is_not_named_is_not_meant")]
    [TestCase("08:00-20:00 UTC", "2026-03-07 12:00", ExpectedResult = true, TestName = "Without_days_every_day_is_meant")]
    [TestCase("Mon,Wed 08:00-20:00 UTC", "2026-03-03 12:00", ExpectedResult = false, TestName = "Days_can_be_listed")]
    [TestCase("Fri 22:00-06:00 UTC", "2026-03-07 05:59", ExpectedResult = true, TestName = "A_night_ends_on_the_next_day")]
    [TestCase("Fri 22:00-06:00 UTC", "2026-03-06 05:59", ExpectedResult = false, TestName = "A_night_does_not_begin_on_the_day_before")]
    [TestCase("Sat 22:00-06:00 UTC", "2026-03-08 02:00", ExpectedResult = true, TestName = "A_night_goes_over_the_end_of_the_week")]
    [TestCase("Sat-Mon 08:00-09:00 UTC", "2026-03-08 08:30", ExpectedResult = true, TestName = "Days_go_over_the_end_of_the_week")]
    [TestCase("Sat-Mon 08:00-09:00 UTC", "2026-03-04 08:30", ExpectedResult = false, TestName = "Days_over_the_end_of_the_week_are_not_the_others")]
    [TestCase("Sun 00:00-24:00 UTC", "2026-03-08 23:59", ExpectedResult = true, TestName = "A_whole_day_ends_at_24")]
    [TestCase("Mon-Fri 08:00-20:00 Europe/Berlin", "2026-03-02 07:00", ExpectedResult = true, TestName = "In_winter_Berlin_is_an_hour_ahead")]
    [TestCase("Mon-Fri 08:00-20:00 Europe/Berlin", "2026-03-30 06:00", ExpectedResult = true, TestName = "In_summer_Berlin_is_two_hours_ahead")]
    [TestCase("Mon-Fri 08:00-20:00 Europe/Berlin", "2026-03-30 18:00", ExpectedResult = false, TestName = "In_summer_hours_end_earlier_too")]
    [TestCase("Sun 02:00-03:00 Europe/Berlin", "2026-10-25 00:30", ExpectedResult = true, TestName = "An_hour_that_the_clocks_show_twice_is_meant_the_first_time")]
    [TestCase("Sun 02:00-03:00 Europe/Berlin", "2026-10-25 01:30", ExpectedResult = true, TestName = "An_hour_that_the_clocks_show_twice_is_meant_the_second_time")]
    [TestCase("Sun 02:00-03:00 Europe/Berlin", "2026-03-29 00:59", ExpectedResult = false, TestName = "Before_a_skipped_hour_is_not_within_it")]
    [TestCase("Sun 02:00-03:00 Europe/Berlin", "2026-03-29 01:00", ExpectedResult = false, TestName = "After_a_skipped_hour_is_not_within_it")]
    [TestCase("Mon 00:00-01:00 Pacific/Auckland", "2026-03-01 11:30", ExpectedResult = true, TestName = "The_day_is_the_places_own")]
    public bool Hours(string hours, string utc) => Parse(hours).Contains(Moment(utc));

    [TestCase("Mon-Fri 08:00-20:00")]
    [TestCase("Mon-Fri 8:00-20:00 UTC")]
    [TestCase("Mon-Fri 08:00-24:01 UTC")]
    [TestCase("Mon-Fri 08:60-20:00 UTC")]
    [TestCase("Mon-Fri 08:00-08:00 UTC")]
    [TestCase("Mon-Fri 24:00-08:00 UTC")]
    [TestCase("Mo-Fr 08:00-20:00 UTC")]
    [TestCase("Mon-Wed-Fri 08:00-20:00 UTC")]
    [TestCase("Mon-Fri 08:00-20:00 Europe/Nowhere")]
    [TestCase("Mon-Fri 08:00-20:00 ../../etc/passwd")]
    [TestCase("Mon-Fri  08:00-20:00 UTC")]
    [TestCase("")]
    public void Refuses_what_are_no_hours(string text)
    {
        Assert.That(WeeklyHours.TryParse(text, out WeeklyHours? hours, out string? problem), Is.False);
        Assert.That((hours, problem), Is.EqualTo(((WeeklyHours?)null, problem)));
        Assert.That(problem, Is.Not.Empty);
    }

    [Test]
    public void A_rule_with_hours_is_asked_at_every_moment()
    {
        var time = new ManualTime();
        RuleConfig reads = Allow(Sql(SqlEffects.Read), "reads");
        RuleConfig night = Deny(Sql(SqlEffects.Read) with { Hours = new HoursConfig([Parse("08:00-20:00 UTC")], Not: true) }, "night");
        SessionRules rules = Config(reads, night).RuleBook.For(Alice);
        DateTimeOffset noon = new(time.GetUtcNow().Date.AddHours(12), TimeSpan.Zero);

        Decision day = rules.Judge(Select(), noon);
        Decision late = rules.Judge(Select(), noon.AddHours(8));

        Assert.That((day.Verdict, day.IsStable), Is.EqualTo((Verdict.Allow, false)));
        Assert.That((late.Verdict, late.Rule, late.IsStable), Is.EqualTo((Verdict.Deny, "night", false)));
        Assert.That(rules.Judge(Text(Statement("begin")), noon).IsStable, Is.True, "the hours are about reads only");
    }

    [Test]
    public void A_decision_that_does_not_depend_on_hours_is_stable()
    {
        RuleConfig reads = Allow(Sql(SqlEffects.Read), "reads");
        RuleConfig also = Allow(Sql(SqlEffects.Read) with { Hours = new HoursConfig([Parse("08:00-20:00 UTC")], Not: false) }, "also");

        Assert.That(Judge(Select(), also, reads).IsStable, Is.True, "it is allowed at any hour");
        Assert.That(Judge(Select(), also).IsStable, Is.False);
    }

    private static WeeklyHours Parse(string text) =>
        WeeklyHours.TryParse(text, out WeeklyHours? hours, out string? problem) ? hours : throw new ArgumentException(problem);

    private static DateTimeOffset Moment(string utc) =>
        DateTimeOffset.ParseExact(utc, "yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal);
}
