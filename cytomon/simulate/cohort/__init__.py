"""A cohort of simulated patients, drawn from one law instead of from stories.

The law (`cytomon.simulate.cohort.law.Law`) is calibrated to published aggregates of the CD19/CD22
trial (Wang et al., J Clin Oncol 41:1670-1683, 2023; domain: 7.4). It is made so that the figures of
such a trial come out in the mean; that they do is no evidence for anything else it says.

Numbers of the law were tuned on cohorts with seeds 0 to 9,999 and are judged on cohorts with seeds
40,000 to 40,199 (``tests/simulate/test_cohort.py``).
"""
