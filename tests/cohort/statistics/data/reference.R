# Makes the csv files of this folder from the data sets of R and from radiation.csv and
# chemotherapy.csv (Finkelstein & Wolfe 1985): Rscript reference.R (R 4.2.2, survival 3.5-3, cmprsk 2.2-11)
suppressMessages({library(survival); library(cmprsk)})
options(digits = 15)
put <- function(x, name) {
  x[] <- lapply(x, function(column) if (is.double(column)) signif(column, 10) else column)
  write.csv(x, paste0(name, ".csv"), row.names = FALSE, quote = FALSE)
}

# persons
put(data.frame(stop = aml$time, event = aml$status, group = aml$x), "aml")
put(with(veteran, data.frame(stop = time, event = status, group = celltype)), "veteran")
put(with(heart, data.frame(entry = start, stop = stop, event = event, group = transplant)), "heart")
put(with(pbc, data.frame(stop = time, cause = status, group = ifelse(is.na(trt), 0, trt))), "pbc")
put(with(subset(transplant, futime > 0),
         data.frame(stop = futime, cause = as.integer(event) - 1, group = abo)), "transplant")
set.seed(20)
n <- 120
simulated <- data.frame(
  entry = ifelse(runif(n) < 0.4, 0, floor(rexp(n, 1 / 60))),
  cause = sample(0:3, n, replace = TRUE, prob = c(3, 4, 2, 1)),
  group = sample(c("M1", "M2", "M3"), n, replace = TRUE))
simulated$stop <- simulated$entry + 1 + floor(rexp(n, ifelse(simulated$group == "M3", 0.02, 0.01)))
put(simulated, "simulated")
set.seed(21)
n <- 80
visits <- t(apply(matrix(sample(10:45, 8 * n, replace = TRUE), n), 1, cumsum))
day <- rweibull(n, 1.3, 120)
seen <- rowSums(visits < day)
put(data.frame(left = ifelse(seen == 0, 0, visits[cbind(1:n, pmax(seen, 1))]),
               right = ifelse(seen == 8, Inf, visits[cbind(1:n, pmin(seen + 1, 8))])), "visits")

# curves
curve <- function(name, scale) {
  d <- read.csv(paste0(name, ".csv"))
  event <- if (is.null(d$event)) d$cause > 0 else d$event
  entry <- if (is.null(d$entry)) rep(0, nrow(d)) else d$entry
  f <- survfit(Surv(entry, d$stop, event) ~ 1, conf.type = scale)
  q <- quantile(f, 0.5)
  data.frame(name, scale, time = f$time, at_risk = f$n.risk, events = f$n.event,
             censored = f$n.censor, estimate = f$surv, low = f$lower, high = f$upper,
             median = unname(q$quantile),
             median_low = unname(q$lower), median_high = unname(q$upper))
}
sets <- c("aml", "veteran", "heart", "simulated")
put(do.call(rbind, lapply(sets, function(s)
  do.call(rbind, lapply(c("log", "log-log", "plain"), function(k) curve(s, k))))), "survival")

incidence <- function(name) {
  d <- read.csv(paste0(name, ".csv"))
  at <- unique(round(quantile(d$stop, seq(0, 1, 0.04), type = 1)))
  p <- timepoints(cuminc(d$stop, d$cause), at)
  cause <- as.integer(sub("1 ", "", rownames(p$est)))
  l <- survival:::survfit_confint(p$est, sqrt(p$var), logse = FALSE, conf.type = "log-log", conf.int = 0.95)
  known <- !is.na(c(p$est))
  data.frame(name, cause = rep(cause, length(at)), time = rep(sort(at), each = length(cause)),
             estimate = c(p$est), variance = c(p$var), low = c(l$lower), high = c(l$upper))[known, ]
}
put(do.call(rbind, lapply(c("pbc", "transplant", "simulated"), incidence)), "incidence")

# where events are known to lie between visits: self-consistency without any cell that is
# nearly empty and asks for less than it has; the last number printed must not be above 1
self_consistent <- function(name) {
  d <- read.csv(paste0(name, ".csv"))
  ends <- sort(unique(c(d$left, d$right)))
  cells <- data.frame(left = head(ends, -1), right = tail(ends, -1))
  inside <- outer(d$left, cells$left, "<=") & outer(d$right, cells$right, ">=")
  mass <- rep(1 / nrow(cells), nrow(cells))
  for (i in 1:40000) {
    asked <- colMeans(inside / drop(inside %*% mass))
    mass <- mass * asked
    if (i %% 500 == 0) mass[mass < 1e-5 & asked < 1 - 1e-4] <- 0
  }
  f <- survfit(Surv(d$left, ifelse(is.finite(d$right), d$right, NA), type = "interval2") ~ 1)
  at <- cells$right[is.finite(cells$right)]
  after <- 1 - cumsum(mass)[is.finite(cells$right)]
  cat(name, sum(log(inside %*% mass)), max(asked), "\n")
  data.frame(name, time = at, survival = after,
             survfit = summary(f, times = at + 0.01, extend = TRUE)$surv)
}
put(do.call(rbind, lapply(c("radiation", "chemotherapy", "visits"), self_consistent)), "intervals")

# comparisons
for (s in c("aml", "veteran")) print(survdiff(Surv(stop, event) ~ group, read.csv(paste0(s, ".csv"))))
for (s in c("aml", "veteran")) cat(survdiff(Surv(stop, event) ~ group, read.csv(paste0(s, ".csv")))$chisq, "\n")
score <- function(d, event) {
  f <- coxph(Surv(entry, stop, event) ~ factor(group), cbind(d, event), ties = "exact")
  cat(f$score, "\n")
}
d <- read.csv("heart.csv"); score(d, d$event)
d <- read.csv("simulated.csv"); score(d, d$cause > 0)
for (s in c("pbc", "transplant", "simulated")) {
  d <- read.csv(paste0(s, ".csv"))
  print(cuminc(d$stop, d$cause, d$group)$Tests)
}
